"""Parse requests into the form that the gateway works with.

The web face alone is inside: it proves itself by the secret. The headers that our services exchange are
dropped from the requests of everybody else.
"""

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hmac import compare_digest

from multidict import CIMultiDict
from starlette.types import Scope

from kit.http.authorization import is_for_a_proxy
from kit.http.headers import (
    FACE_SECRET,
    FORWARDED_FOR,
    FORWARDED_PROTO,
    REQUEST_ID,
    SERVED_BY,
    SERVICE_VERSION,
)
from kit.http.proxies import SCHEMES, TrustedProxies, scheme_of
from step3_async.gateway.routing.balancer import Balancer, requested_versions
from step3_async.gateway.routing.routes import Route, is_api
from step3_async.rapids.headers import COMMAND, COMMAND_WAIT, DEADLINE, DEPENDS_ON, GAPS
from step3_async.rapids.tracing import TRACEPARENT

READING = frozenset({"GET", "HEAD"})

CacheKey = tuple[str, str, str, tuple[tuple[str, str], ...]]
"""Path, query, what the client accepts, and the versions it gets."""

_FROM_PROXIES = (FACE_SECRET, FORWARDED_FOR, FORWARDED_PROTO)
_FROM_SERVICES = (SERVED_BY, DEADLINE, COMMAND_WAIT, COMMAND, DEPENDS_ON, GAPS)
INTERNAL = frozenset(each.lower() for each in _FROM_PROXIES + _FROM_SERVICES)
"""Headers that only our own services or trusted proxies may send; those of all other senders are dropped."""

CONDITIONS = frozenset({"if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "range"})
PERSONAL = frozenset({"authorization", "cookie", COMMAND_WAIT.lower()})

LONGEST_DEADLINE = 7
"""The most digits of a deadline that makes sense."""

_SOUND_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SOUND_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(slots=True)
class Request:
    """A request and its context.

    `client` is the address that it comes from, and `scheme` that of the client's connection. `is_inner` says
    that the web face sends it to make a page, and takes care of commands itself. It may take so many
    `seconds`, until `ends_at` on the monotonic clock. `label` is the route's name in metrics.
    """

    method: str
    path: str
    query: str
    headers: CIMultiDict[str]
    client: str
    scheme: str
    is_inner: bool
    id: str
    traceparent: str
    versions: Mapping[str, str]
    began: float
    seconds: float
    ends_at: float
    body: bytes = b""
    route: Route | None = None
    label: str = "none"

    @property
    def seconds_left(self) -> float:
        """The seconds that are left until `ends_at`."""
        return self.ends_at - time.monotonic()

    @property
    def target(self) -> str:
        """The path and the query."""
        return f"{self.path}?{self.query}" if self.query else self.path

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
    """Parses requests. They may take `seconds`, unless their sender allows less.

    Senders that know `secret` are inside. The headers of `proxies` about clients' addresses and TLS count.
    """

    def __init__(self, balancer: Balancer, secret: str, seconds: float, proxies: TrustedProxies) -> None:
        self._balancer, self._secret, self._seconds = balancer, secret.encode(), seconds
        self._proxies = proxies

    def parse(self, scope: Scope) -> Request:
        """Return the request, without the headers that its sender may not set."""
        headers = CIMultiDict([(name.decode(), _text(value)) for name, value in scope["headers"]])
        path = _path(scope["raw_path"])
        client, scheme = scope["client"][0] if scope["client"] else "unknown", SCHEMES[0]
        is_proved = self._is_proved(headers)
        if is_proved:
            client = headers.get(FORWARDED_FOR) or "unknown"
        else:
            if self._proxies.include(client):
                scheme = scheme_of(joined(headers, FORWARDED_PROTO))
            client = self._proxies.client(client, joined(headers, FORWARDED_FOR))
            if not INTERNAL.isdisjoint(headers):
                headers = without(headers, INTERNAL)
            if is_for_a_proxy(headers.get("authorization", "")):
                del headers["authorization"]
        now, seconds = time.monotonic(), allowed_seconds(headers.get(DEADLINE), self._seconds)
        return Request(
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            client=client,
            scheme=scheme,
            is_inner=is_proved and is_api(path) and headers.get(COMMAND_WAIT, "").lower() == "later",
            id=_request_id(headers.get(REQUEST_ID, "")),
            traceparent=_traceparent(headers.get(TRACEPARENT, "")),
            versions=self._balancer.draw(requested_versions(joined(headers, SERVICE_VERSION))),
            began=now,
            seconds=seconds,
            ends_at=now + seconds,
        )

    def _is_proved(self, headers: CIMultiDict[str]) -> bool:
        given = headers.get(FACE_SECRET)
        return given is not None and bool(self._secret) and compare_digest(given.encode(), self._secret)


def joined(headers: CIMultiDict[str], name: str) -> str:
    """Return the value of a header. Several headers of one name count as one with commas (RFC 9110, 5.3)."""
    return ", ".join(headers.getall(name, ()))


def without(headers: CIMultiDict[str], names: frozenset[str]) -> CIMultiDict[str]:
    """Return the headers except those with these names, which are in lower case."""
    return CIMultiDict([(name, value) for name, value in headers.items() if name not in names])


def allowed_seconds(deadline: str | None, most: float) -> float:
    """Return the seconds that a request may take: `most`, or less if its sender says so in `deadline`."""
    if deadline is not None and deadline.isdecimal() and len(deadline) <= LONGEST_DEADLINE:
        return min(most, int(deadline) / 1000)
    return most


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
