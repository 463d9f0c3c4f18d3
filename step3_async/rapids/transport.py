"""The port to whatever carries events; nothing outside an implementation of it names one.

Two ways lead through it. *Rapids*: events, stored until they are old, read by rivers; a river is durable, has
a name, and gives each event at least once to one of those who read it under that name. *Signals*: short
messages to whoever listens at this moment, which may get lost; and questions, answered by one who listens.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from step3_async.rapids.event import Event

ALL = "all"
"""Addresses a snapshot page to every river."""


def passing(domain: str = "*", name: str = ">") -> str:
    """The topic under which events are heard as they pass, like signals: for people who watch, as nobody who
    must not miss one can rely on that.
    """
    return f"rapids.{domain}.{name}"


Hear = Callable[[str, bytes], Awaitable[None]]
"""Takes the topic and the text of a signal."""

Answer = Callable[[bytes], Awaitable[bytes]]


class Unavailable(Exception):
    """The transport cannot be reached, or did not confirm in time."""


@dataclass(frozen=True)
class Letter:
    """An event that `river` could not handle, as it was read, with why, and after how many tries."""

    river: str
    raw: bytes
    error: str
    tries: int


@dataclass(frozen=True)
class Kept:
    """A dead letter, and where it is kept."""

    number: int
    letter: Letter


class Delivery(Protocol):
    """An event handed out by a river. Unless it is acknowledged it comes again."""

    raw: bytes
    tries: int
    """How often it was handed out, from 1."""

    async def acknowledge(self) -> None:
        """It is dealt with for good."""

    async def retry(self, after: float) -> None:
        """Hand it out again in so many seconds."""

    async def keep(self) -> None:
        """Ask for more time with it."""


class River(Protocol):
    """A place in the rapids."""

    @property
    def begun(self) -> bool:
        """Whether it has just been made, and whoever reads it knows nothing of what happened before."""

    @property
    def rapids(self) -> str:
        """Identifies the rapids it lies in; other than last time when those, or the river, were lost and made
        again: then events may be missing.
        """

    async def batch(self, most: int, patience: float) -> Sequence[Delivery]:
        """What is there, at most so much; if there is nothing, what comes next within `patience` seconds.

        Raises Unavailable.
        """

    async def pending(self) -> int:
        """How many events are yet to be acknowledged or handed out. Raises Unavailable."""

    async def close(self) -> None:
        """Read no more; the river stays."""


class Transport(Protocol):
    """A connection of one process."""

    @property
    def connected(self) -> bool:
        """Whether there is a connection now; one that is lost is made again by itself."""

    async def publish(self, events: Sequence[Event], to: str | None = None) -> None:
        """Store events in this order; returns when all are safe. One that is published again soon is stored
        once. Snapshot pages are addressed `to` a river, or ALL. Raises Unavailable.
        """

    async def river(self, name: str, domains: Sequence[str]) -> River:
        """The river of that name with all events of these domains, made if it is missing: it then begins
        with the next event. Raises Unavailable.
        """

    async def set_aside(self, letter: Letter) -> None:
        """Keep a dead letter. Raises Unavailable."""

    async def dead(self, river: str | None = None) -> Sequence[Kept]:
        """The dead letters there are, oldest first. Raises Unavailable."""

    async def forget(self, kept: Kept) -> None:
        """Remove a dead letter. Raises Unavailable."""

    async def put_back(self, kept: Kept) -> None:
        """Hand a dead letter to its river once more, and remove it. Raises Unavailable."""

    async def tell(self, topic: str, text: bytes) -> None:
        """Signal to whoever listens. Lost without a connection."""

    async def hear(self, topic: str, hear: Hear) -> None:
        """Listen from now on, through reconnections. In `topic`, `*` stands for one word between dots, and a
        last `>` for any number.
        """

    async def answer(self, topic: str, answer: Answer) -> None:
        """Answer questions from now on; one of all who do under the same topic answers each."""

    async def ask(self, topic: str, text: bytes, patience: float) -> bytes:
        """The answer. Raises Unavailable when nobody answers in time."""

    def on_change(self, callback: Callable[[bool], None]) -> None:
        """Have `callback` told each time the connection is lost (False) or there again (True), and when
        signals may have been lost for another reason (False, then True).
        """

    async def close(self) -> None:
        """Send what is to be sent, and end the connection."""
