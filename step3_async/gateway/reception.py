"""Taking requests in: who asks, under which id, until when.

Only our own web face is inside: it knows the secret. What services tell each other in headers is dropped from
the requests of everybody else.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from kit.http.headers import FACE_SECRET, FORWARDED_FOR, SERVICE_VERSION
from kit.http.problems import Refused
from kit.http.proxies import SCHEMES, TrustedProxies, is_for_a_proxy, scheme_of
from step3_async.gateway.api import is_api
from step3_async.gateway.balancing import Balancer, asked_versions
from step3_async.gateway.deadline import HEADER as DEADLINE
from step3_async.gateway.deadline import Deadline, deadline_of
from step3_async.gateway.messages import (
    COMMAND,
    DEPENDS_ON,
    GAPS,
    REQUEST_ID,
    SERVED_BY,
    SETTLE,
    Asked,
    Headers,
)
from step3_async.gateway.problems import WrongMethod
from step3_async.gateway.tracing import traceparent_of

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LONGEST_TARGET, LONGEST_FIELD, MOST_FIELDS = 4000, 8000, 80
"""A little less than what the servers of services take, so that it is refused here, in the contract's words:
what they close connections for would look like a failure of theirs.
"""

VERSIONS_HEADER = SERVICE_VERSION.lower().encode()

_DEADLINE = DEADLINE.lower().encode()
_SECRET, _ADDRESS = FACE_SECRET.lower().encode(), FORWARDED_FOR.lower().encode()
_PROTO, _AUTHORIZATION = b"x-forwarded-proto", b"authorization"
_KNOWN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

OURS = frozenset(
    {_SECRET, _ADDRESS, _PROTO, _DEADLINE, SETTLE, COMMAND, DEPENDS_ON, GAPS, SERVED_BY, b"own-marks"}
)
"""What we tell each other, and proxies tell us: nobody else is heard."""

LOOKED_AT = OURS | {_AUTHORIZATION}

Scope = Mapping[str, Any]


@dataclass(slots=True)
class Arrival:
    """A request as it is taken in. `headers` are those that count, and `named` the same by name, of several
    with commas between; `is_proved` says that one of us sends it. `client` and `scheme` are where from.
    """

    method: str
    path: str
    query: str
    headers: Headers
    named: Mapping[bytes, bytes]
    client: str
    scheme: str = SCHEMES[0]
    is_proved: bool = False

    @property
    def is_inner(self) -> bool:
        """Whether one of us asks who deals with commands itself."""
        return self.is_proved and is_api(self.path) and self.named.get(SETTLE, b"").lower() == b"later"


class Reception:
    """Makes requests of what the server has read. Who knows `secret` is inside and believed; `proxies` are,
    about addresses and TLS. A request has `seconds`.
    """

    def __init__(self, balancer: Balancer, secret: str, seconds: float, proxies: TrustedProxies) -> None:
        self._balancer, self._secret, self._seconds = balancer, secret.encode(), seconds
        self._proxies = proxies

    def arrive(self, scope: Scope) -> Arrival:
        """The request, without what nobody may tell us."""
        headers: Headers = scope["headers"]
        named = by_name(headers)
        client = scope["client"][0] if scope["client"] else "unknown"
        told = (scope["method"], _path(scope["raw_path"]), scope["query_string"].decode("latin-1"))
        if named.keys().isdisjoint(LOOKED_AT):
            return Arrival(*told, headers, named, client)
        given = named.get(_SECRET)
        if given is not None and self._secret and compare_digest(given, self._secret):
            return Arrival(*told, headers, named, _text(named, _ADDRESS) or "unknown", is_proved=True)
        scheme = scheme_of(_text(named, _PROTO)) if self._proxies.include(client) else SCHEMES[0]
        client = self._proxies.client(client, _text(named, _ADDRESS))
        dropped = LOOKED_AT if is_for_a_proxy(_text(named, _AUTHORIZATION)) else OURS
        kept = [each for each in headers if each[0] not in dropped]
        return Arrival(*told, kept, by_name(kept), client, scheme)

    def versions(self, named: Mapping[bytes, bytes]) -> Mapping[str, str]:
        """The versions of services that a request gets."""
        told = named.get(VERSIONS_HEADER)
        return self._balancer.draw(asked_versions(told.decode("latin-1")) if told else {})

    def take(self, arrival: Arrival, request_id: str, versions: Mapping[str, str]) -> Asked:
        """What is asked, its body yet to be read."""
        return Asked(
            method=arrival.method,
            path=arrival.path,
            query=arrival.query,
            headers=arrival.headers,
            named=arrival.named,
            client=arrival.client,
            scheme=arrival.scheme,
            request_id=request_id,
            traceparent=traceparent_of(arrival.named),
            deadline=self.deadline(arrival),
            versions=versions,
            inner=arrival.is_inner,
        )

    def deadline(self, arrival: Arrival) -> Deadline:
        """The end of the request's time, if that begins now."""
        return deadline_of(arrival.named.get(_DEADLINE), self._seconds)


def by_name(headers: Headers) -> Mapping[bytes, bytes]:
    """Headers by name; several of one name are one with commas (RFC 9110, 5.3)."""
    named = dict(headers)
    if len(named) < len(headers):
        for name in named:
            named[name] = b", ".join(value for each, value in headers if each == name)
    return named


def _path(target: bytes) -> str:
    """The path of a target, be it absolute (RFC 9112, 3.2.2): whose host is asked for is all the same."""
    if not target.startswith(b"/") and b"://" in target:
        target = b"/" + target.partition(b"://")[2].partition(b"/")[2]
    return target.decode("latin-1")


def _text(named: Mapping[bytes, bytes], name: bytes) -> str:
    return named.get(name, b"").decode("latin-1")


def request_id_of(named: Mapping[bytes, bytes]) -> str:
    """The client's own id of a request if it is sound, else a new one."""
    given = named.get(REQUEST_ID)
    if given is not None and _KNOWN_ID.fullmatch(given):
        return given.decode()
    return f"{random.getrandbits(128):032x}"


def require_sound(asked: Asked) -> None:
    """Raise WrongMethod for a method that nothing takes, and Refused for an address that is no path (it would
    become part of the host's name), and for more than services' servers take.
    """
    if asked.method not in METHODS:
        raise WrongMethod(", ".join(sorted(METHODS)))
    if not asked.path.startswith("/"):
        raise Refused("The address must be a path.")
    if len(asked.path) + len(asked.query) > LONGEST_TARGET:
        raise Refused("The address is too long.")
    if len(asked.headers) > MOST_FIELDS or any(
        len(name) + len(value) > LONGEST_FIELD for name, value in asked.headers
    ):
        raise Refused("The headers are too large.")
