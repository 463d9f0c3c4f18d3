"""What services tell each other in passing, and ask; all JSON."""

from typing import Literal

from pydantic import BaseModel

ALIVE = "registry.alive"
"""`registry.alive.<service>.<instance>`: an Announcement, once a second and at each change."""

WHO = "registry.who"
"""Has everybody announce themselves at once."""

SETTLED = "settled"
"""`settled.<service>`: a Settled."""

APPLIED = "applied"
"""`applied.<service>`: asked with a Doubt, answered with a Word."""

SNAPSHOT = "snapshot"
"""`snapshot.wanted`: asked with a Wish, answered with a Promise."""

CONTROL = "control"
"""`control.<service>`: asked with an Order, answered with a Standing by one of the service's instances."""

HEARTBEAT_SECONDS = 1.0
SILENT_SECONDS = 3.5
"""Who was not heard for so long is gone."""


class Announcement(BaseModel):
    """An instance of a service: where it is, what it is, and how it is doing.

    `state` is `up` while it is ready for requests, `busy` while it lives and is not ready (its store is away,
    or its pond is behind after a start), and `gone` as it leaves. `takes` are the domains whose events its
    pond takes. `load` is the number of requests in work, `behind` of events yet to be taken.
    """

    service: str
    version: str
    instance: str
    url: str
    tags: list[str]
    takes: list[str]
    state: Literal["up", "busy", "gone"]
    load: int = 0
    behind: int = 0
    pid: int


class Settled(BaseModel):
    """Changes that a service's pond now shows: of a domain, documents by key with the owner's revision, which
    is 0 where owners count none.
    """

    service: str
    domain: str
    documents: list[tuple[str, int]]


class Doubt(BaseModel):
    """Has your pond taken this document?"""

    domain: str
    key: str


class Word(BaseModel):
    """The revision of the document that the pond has (None: it has none), and whether an event of it lies
    among the dead letters.
    """

    revision: int | None
    set_aside: bool


class Wish(BaseModel):
    """A river wants a snapshot of these domains. With `again` even if one of the same is under way."""

    river: str
    domains: list[str]
    again: bool = False


class Promise(BaseModel):
    """The snapshots that are under way, by domain; pages will carry these as `run`."""

    runs: dict[str, str]


class Order(BaseModel):
    """What an operator wants of a service's pond: to tell how it stands, and with `rebuild` to be made anew
    first, with `empty` from nothing rather than under what it has.
    """

    rebuild: bool = False
    empty: bool = False


class Progress(BaseModel):
    """The snapshot of a domain that was last begun: its `run` (None: not promised yet), whether it is there
    wholly, how many pages of it are, and up to which document.
    """

    run: str | None
    covered: bool
    pages: int
    reached: str | None


class Standing(BaseModel):
    """How a pond stands, by domain, and how many events its river still holds; or why that cannot be told."""

    domains: dict[str, Progress]
    pending: int
    problem: str | None = None
