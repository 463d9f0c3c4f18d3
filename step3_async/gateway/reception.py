"""Taking requests in: who asks, under which id, until when."""

import random
import re
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from kit.discovery import HEADER as SERVICE_VERSION
from kit.forwarded import ADDRESS, SECRET
from kit.problems import Refused
from step3_async.gateway.api import is_api
from step3_async.gateway.balancing import Balancer, asked_versions
from step3_async.gateway.deadline import HEADER as DEADLINE
from step3_async.gateway.deadline import deadline_of
from step3_async.gateway.messages import REQUEST_ID, SETTLE, Asked
from step3_async.gateway.problems import WrongMethod
from step3_async.gateway.tracing import traceparent_of

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LONGEST_TARGET, LONGEST_FIELD, MOST_FIELDS = 4000, 8000, 80
"""A little less than what the servers of services take, so that it is refused here, in the contract's words:
what they close connections for would look like a failure of theirs.
"""

VERSIONS_HEADER = SERVICE_VERSION.lower().encode()

_DEADLINE = DEADLINE.lower().encode()
_SECRET, _ADDRESS = SECRET.lower().encode(), ADDRESS.lower().encode()
_KNOWN_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

Scope = Mapping[str, Any]


class Reception:
    """Makes requests of what the server has read. Who knows `secret` is believed about addresses; a request
    has `seconds`.
    """

    def __init__(self, balancer: Balancer, secret: str, seconds: float) -> None:
        self._balancer, self._secret, self._seconds = balancer, secret.encode(), seconds

    def versions(self, named: Mapping[bytes, bytes]) -> Mapping[str, str]:
        """The versions of services that a request gets."""
        told = named.get(VERSIONS_HEADER)
        return self._balancer.draw(asked_versions(told.decode("latin-1")) if told else {})

    def take(
        self, scope: Scope, named: Mapping[bytes, bytes], request_id: str, versions: Mapping[str, str]
    ) -> Asked:
        """The request, its body yet to be read."""
        path = scope["raw_path"].decode("latin-1")
        client = scope["client"]
        return Asked(
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
            headers=scope["headers"],
            named=named,
            client=self._address(named, client[0] if client else "unknown"),
            request_id=request_id,
            traceparent=traceparent_of(named),
            deadline=deadline_of(named.get(_DEADLINE), self._seconds),
            versions=versions,
            inner=is_api(path) and named.get(SETTLE, b"").lower() == b"later",
        )

    def _address(self, named: Mapping[bytes, bytes], peer: str) -> str:
        given = named.get(_SECRET)
        if given is not None and self._secret and compare_digest(given, self._secret):
            return named.get(_ADDRESS, b"unknown").decode("latin-1")
        return peer


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
