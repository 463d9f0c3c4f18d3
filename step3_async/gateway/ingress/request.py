"""Requests as the gateway works with them, made of what the server has read.

The web face alone is inside: it proves itself by the secret. The headers that our services exchange are
dropped from the requests of everybody else.
"""

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hmac import compare_digest

from starlette.types import Scope

from kit.http.headers import FACE_SECRET, FORWARDED_FOR, FORWARDED_PROTO, SERVED_BY, SERVICE_VERSION
from kit.http.proxies import SCHEMES, TrustedProxies, is_for_a_proxy, scheme_of
from step3_async.gateway.routing.balancer import Balancer, requested_versions
from step3_async.gateway.routing.routes import Route, is_api
from step3_async.rapids.headers import COMMAND, DEADLINE, DEPENDS_ON, GAPS, SETTLE
from step3_async.rapids.tracing import TRACEPARENT

LONGEST_DEADLINE = 7
"""Digits of a deadline that makes sense."""

READING = frozenset({"GET", "HEAD"})
REQUEST_ID = "X-Request-ID"

Headers = list[tuple[bytes, bytes]]
"""Names are in lower case, as the server and the client library have them."""

CacheKey = tuple[str, str, bytes, tuple[tuple[str, str], ...]]
"""Path, query, what the client accepts, and the versions it gets."""


def as_raw(name: str) -> bytes:
    """Return a header's name as it stands in Headers."""
    return name.lower().encode()


_SECRET, _ADDRESS, _PROTO, _SETTLE = (
    as_raw(FACE_SECRET),
    as_raw(FORWARDED_FOR),
    as_raw(FORWARDED_PROTO),
    as_raw(SETTLE),
)
_DEADLINE, _REQUEST_ID, _TRACEPARENT = as_raw(DEADLINE), as_raw(REQUEST_ID), as_raw(TRACEPARENT)
_SERVICE_VERSION, _AUTHORIZATION, _COOKIE = as_raw(SERVICE_VERSION), b"authorization", b"cookie"

INTERNAL = frozenset(
    {_SECRET, _ADDRESS, _PROTO, _DEADLINE, _SETTLE, b"own-marks"}
    | {as_raw(each) for each in (COMMAND, DEPENDS_ON, GAPS, SERVED_BY)}
)
"""What our services tell each other, and proxies tell us."""

CONDITIONS = frozenset(b"if-none-match if-modified-since if-match if-unmodified-since range".split())

_EXAMINED = INTERNAL | {_AUTHORIZATION}
_PERSONAL = (_AUTHORIZATION, _COOKIE, _SETTLE)
_SOUND_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_SOUND_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(slots=True)
class Request:
    """A request and its context.

    `by_name` has the `headers` by name, several of one name as one with commas. `client` is the address that
    it comes from, and `scheme` that of the client's connection. `is_inner` says that the web face sends it
    for a request of its own, and deals with commands itself. It has so many `seconds`, until `ends_at` on the
    monotonic clock. `label` is what metrics call the route.
    """

    method: str
    path: str
    query: str
    headers: Headers
    by_name: Mapping[bytes, bytes]
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
        """What is left of its time."""
        return self.ends_at - time.monotonic()

    @property
    def target(self) -> str:
        """The path and the query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def cache_key(self) -> CacheKey | None:
        """The key of the response in the cache; None where it may differ from client to client."""
        if self.method not in READING or any(name in self.by_name for name in _PERSONAL):
            return None
        versions = tuple(self.versions.items()) if self.versions else ()
        return self.path, self.query, self.by_name.get(b"accept", b""), versions

    def unconditional(self) -> "Request":
        """Return the request for a whole response, whatever the client has of it already."""
        if CONDITIONS.isdisjoint(self.by_name):
            return self
        return replace(self, headers=[each for each in self.headers if each[0] not in CONDITIONS])


class Parser:
    """Makes requests, which have `seconds`. Senders that know `secret` are inside. What `proxies` say about
    clients' addresses and TLS counts.
    """

    def __init__(self, balancer: Balancer, secret: str, seconds: float, proxies: TrustedProxies) -> None:
        self._balancer, self._secret, self._seconds = balancer, secret.encode(), seconds
        self._proxies = proxies

    def parse(self, scope: Scope) -> Request:
        """Return the request, without the headers that its sender may not set."""
        headers: Headers = scope["headers"]
        by_name = _by_name(headers)
        path = _path(scope["raw_path"])
        client, scheme = scope["client"][0] if scope["client"] else "unknown", SCHEMES[0]
        is_inner = False
        if not _EXAMINED.isdisjoint(by_name):
            if self._is_proved(by_name):
                client = _text(by_name, _ADDRESS) or "unknown"
                is_inner = is_api(path) and by_name.get(_SETTLE, b"").lower() == b"later"
            else:
                scheme = scheme_of(_text(by_name, _PROTO)) if self._proxies.include(client) else scheme
                client = self._proxies.client(client, _text(by_name, _ADDRESS))
                dropped = _EXAMINED if is_for_a_proxy(_text(by_name, _AUTHORIZATION)) else INTERNAL
                headers = [each for each in headers if each[0] not in dropped]
                by_name = _by_name(headers)
        versions = _text(by_name, _SERVICE_VERSION)
        now, seconds = time.monotonic(), allowed_seconds(by_name.get(_DEADLINE), self._seconds)
        return Request(
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            by_name=by_name,
            client=client,
            scheme=scheme,
            is_inner=is_inner,
            id=_request_id(by_name),
            traceparent=_traceparent(by_name),
            versions=self._balancer.draw(requested_versions(versions) if versions else {}),
            began=now,
            seconds=seconds,
            ends_at=now + seconds,
        )

    def _is_proved(self, by_name: Mapping[bytes, bytes]) -> bool:
        given = by_name.get(_SECRET)
        return given is not None and bool(self._secret) and compare_digest(given, self._secret)


def allowed_seconds(header: bytes | None, most: float) -> float:
    """Return the seconds that a request has: `most`, or less if its sender says so."""
    if header is not None and header.isdigit() and len(header) <= LONGEST_DEADLINE:
        return min(most, int(header) / 1000)
    return most


def _by_name(headers: Headers) -> Mapping[bytes, bytes]:
    """Return headers by name; several of one name are one with commas (RFC 9110, 5.3)."""
    by_name = dict(headers)
    if len(by_name) < len(headers):
        for name in by_name:
            by_name[name] = b", ".join(value for each, value in headers if each == name)
    return by_name


def _path(target: bytes) -> str:
    """Return the path of a target, which may be absolute (RFC 9112, 3.2.2); its host does not matter."""
    if not target.startswith(b"/") and b"://" in target:
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    return target.decode("latin-1")


def _text(by_name: Mapping[bytes, bytes], name: bytes) -> str:
    return by_name.get(name, b"").decode("latin-1")


def _request_id(by_name: Mapping[bytes, bytes]) -> str:
    """Return the client's own id of a request if it is sound, else a new one."""
    given = by_name.get(_REQUEST_ID)
    if given is not None and _SOUND_ID.fullmatch(given):
        return given.decode()
    return f"{random.getrandbits(128):032x}"


def _traceparent(by_name: Mapping[bytes, bytes]) -> str:
    """Return the W3C trace context of a request if it is sound, else that of a new trace.

    Without an exporter of spans this is all there is to tracing, and costs next to nothing; see app.py.
    """
    given = by_name.get(_TRACEPARENT)
    if given is not None and _SOUND_TRACEPARENT.fullmatch(given):
        return given.decode()
    # Never all zeros, which would be no context.
    trace_id, span_id = random.getrandbits(128) | 1, random.getrandbits(64) | 1
    return f"00-{trace_id:032x}-{span_id:016x}-00"
