"""Parse requests into the form that the gateway works with.

The headers that our services exchange are dropped: no client may send them.
"""

import random
import re
import time
from dataclasses import dataclass, replace

from multidict import CIMultiDict
from starlette.types import Scope

from kit.http.authorization import is_for_a_proxy
from kit.http.headers import FORWARDED_FOR, FORWARDED_PROTO, REQUEST_ID, SERVICE_VERSION
from kit.http.proxies import SCHEMES, TrustedProxies, scheme_of
from step3_async.client.request import INTERNAL, READING, joined, without
from step3_async.client.request import Request as ClientRequest
from step3_async.client.routing.balancer import Balancer, requested_versions
from step3_async.client.routing.routes import Route
from step3_async.rapids.tracing import TRACEPARENT

CacheKey = tuple[str, str, str, tuple[tuple[str, str], ...]]
"""Path, query, what the client accepts, and the versions it gets."""

CONDITIONS = frozenset({"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "range"})
PERSONAL = frozenset({"authorization", "cookie"})

_SOUND_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SOUND_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(slots=True, kw_only=True)
class Request(ClientRequest):
    """A client's request, which may take so many `seconds` from when it `began`.

    `route` is where it goes, and `label` the route's name in metrics.
    """

    began: float
    seconds: float
    route: Route | None = None
    label: str = "none"

    @property
    def cache_key(self) -> CacheKey | None:
        """The key of the response in the cache; None if the response may be for this client only."""
        if self.method not in READING or not PERSONAL.isdisjoint(self.headers):
            return None
        return self.path, self.query, joined(self.headers, "accept"), tuple(self.versions.items())

    def unconditional(self) -> "Request":
        """Return the request without conditions, so that its response is complete."""
        if CONDITIONS.isdisjoint(self.headers):
            return self
        return replace(self, headers=without(self.headers, CONDITIONS))


class Parser:
    """Parses requests, which may take `seconds`. The headers of `proxies` about clients' addresses and TLS
    count.
    """

    def __init__(self, balancer: Balancer, seconds: float, proxies: TrustedProxies) -> None:
        self._balancer, self._seconds, self._proxies = balancer, seconds, proxies

    def parse(self, scope: Scope) -> Request:
        """Return the request, without the headers that its sender may not set."""
        headers = CIMultiDict([(name.decode(), _text(value)) for name, value in scope["headers"]])
        client, scheme = scope["client"][0] if scope["client"] else "unknown", SCHEMES[0]
        if self._proxies.include(client):
            scheme = scheme_of(joined(headers, FORWARDED_PROTO))
        client = self._proxies.client(client, joined(headers, FORWARDED_FOR))
        if not INTERNAL.isdisjoint(headers):
            headers = without(headers, INTERNAL)
        if is_for_a_proxy(headers.get("authorization", "")):
            del headers["authorization"]
        now = time.monotonic()
        return Request(
            method=scope["method"],
            path=_path(scope["raw_path"]),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            client=client,
            scheme=scheme,
            id=_request_id(headers.get(REQUEST_ID, "")),
            traceparent=_traceparent(headers.get(TRACEPARENT, "")),
            versions=self._balancer.draw(requested_versions(joined(headers, SERVICE_VERSION))),
            began=now,
            seconds=self._seconds,
            ends_at=now + self._seconds,
        )


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _path(target: bytes) -> str:
    """Return the path of a target, which may be absolute (RFC 9112, 3.2.2); its host does not matter."""
    if not target.startswith(b"/") and b"://" in target:
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    return target.decode("latin-1")


def _request_id(given: str) -> str:
    """Return the client's own id of a request if it is sound, else a new one."""
    return given if _SOUND_ID.fullmatch(given) else f"{random.getrandbits(128):032x}"


def _traceparent(given: str) -> str:
    """Return the W3C trace context of a request if it is sound, else that of a new trace.

    Without an exporter of spans nothing else is done for tracing, so it costs next to nothing; see app.py.
    """
    if _SOUND_TRACEPARENT.fullmatch(given):
        return given
    # Never all zeros, which would be no context.
    trace_id, span_id = random.getrandbits(128) | 1, random.getrandbits(64) | 1
    return f"00-{trace_id:032x}-{span_id:016x}-00"
