"""Requests and answers as they go through the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from step3_async.gateway.deadline import Deadline

Headers = list[tuple[bytes, bytes]]
"""Names in lower case."""

COMMAND = b"command"
"""An aggregate's word on which change a request has made: `<domain>:<revision>:<key>`."""

DEPENDS_ON = b"depends-on"
"""A view's word on what an answer that is the same for all is made from: `<service>.<domain>`."""

SETTLE = b"settle"
"""With `later`, one of our own waits until a command is settled, so that the gateway need not."""

GAPS = b"gaps"
"""The services that an answer had to do without."""

SERVED_BY = b"served-by"
REQUEST_ID = b"x-request-id"

READING = frozenset({"GET", "HEAD"})


@dataclass(slots=True)
class Asked:
    """A request. `named` are its headers by name; `inner` says that it comes from one of our own, who deals
    with commands itself. `client` is the address it comes from, `scheme` that of the client's connection.
    """

    method: str
    path: str
    query: str
    headers: Headers
    named: Mapping[bytes, bytes]
    client: str
    scheme: str
    request_id: str
    traceparent: str
    deadline: Deadline
    versions: Mapping[str, str]
    inner: bool = False
    body: bytes = b""


@dataclass(slots=True)
class Answer:
    """An answer, whole."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""

    def all(self, name: bytes) -> list[str]:
        """The values of all headers of that name, those between commas one by one."""
        values = [value.decode("latin-1") for each, value in self.headers if each == name]
        return [part.strip() for value in values for part in value.split(",") if part.strip()]

    def first(self, name: bytes) -> bytes | None:
        """The value of the first header of that name."""
        return next((value for each, value in self.headers if each == name), None)

    def without(self, *names: bytes) -> Headers:
        """All headers but these."""
        return [each for each in self.headers if each[0] not in names]


@lru_cache(maxsize=1024)
def name_of(raw: bytes) -> bytes:
    """A header's name in lower case; the few that there are come again and again."""
    return raw.lower()
