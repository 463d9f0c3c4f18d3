"""A request to a service, whoever sends it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from multidict import CIMultiDict

from kit.http.headers import FACE_SECRET, FORWARDED_FOR, FORWARDED_PROTO, SERVED_BY
from step3_async.rapids.headers import COMMAND, DEADLINE, DEPENDS_ON, GAPS

READING = frozenset({"GET", "HEAD"})

_FROM_PROXIES = (FACE_SECRET, FORWARDED_FOR, FORWARDED_PROTO)
_FROM_SERVICES = (SERVED_BY, DEADLINE, COMMAND, DEPENDS_ON, GAPS)
INTERNAL = frozenset(each.lower() for each in _FROM_PROXIES + _FROM_SERVICES)
"""Headers that only our own services or trusted proxies may send; those of all other senders are dropped."""


@dataclass(slots=True, kw_only=True)
class Request:
    """A request and its context.

    `client` is the address that it comes from, and `scheme` that of the client's connection. `versions` are
    those that it gets, by service. It must be over at `ends_at` on the monotonic clock.
    """

    method: str
    path: str
    query: str = ""
    headers: CIMultiDict[str]
    body: bytes = b""
    client: str
    scheme: str
    id: str
    traceparent: str
    versions: Mapping[str, str]
    ends_at: float

    @property
    def seconds_left(self) -> float:
        """The seconds that are left until `ends_at`."""
        return self.ends_at - time.monotonic()

    @property
    def target(self) -> str:
        """The path and the query."""
        return f"{self.path}?{self.query}" if self.query else self.path


def joined(headers: CIMultiDict[str], name: str) -> str:
    """Return the value of a header. Several headers of one name count as one with commas (RFC 9110, 5.3)."""
    return ", ".join(headers.getall(name, ()))


def without(headers: CIMultiDict[str], names: frozenset[str]) -> CIMultiDict[str]:
    """Return the headers except those with these names, which are in lower case."""
    return CIMultiDict([(name, value) for name, value in headers.items() if name not in names])
