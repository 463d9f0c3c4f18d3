"""The port to the message broker. Only an adapter behind this port names a broker.

It carries two kinds of traffic. *Events* are stored in one stream, the rapids, and read through rivers: a
river is a durable consumer with a name, and delivers each event at least once to one of its readers.
*Messages* are short and not stored: only those who are subscribed at the moment receive them, and a message
may get lost. A request is a message to which one of the subscribers replies.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from step3_async.contracts.envelope import Event

ALL = "all"
"""Addresses a snapshot page to every river."""


def event_topic(domain: str = "*", name: str = ">") -> str:
    """Return the topic under which people can watch events. They come as messages, so some may get lost."""
    return f"rapids.{domain}.{name}"


MessageHandler = Callable[[str, bytes], Awaitable[None]]
"""Receives the topic and the content of a message."""

RequestHandler = Callable[[bytes], Awaitable[bytes]]
"""Receives the content of a request and returns that of the reply."""


class Unavailable(Exception):
    """The broker cannot be reached, or did not confirm in time."""


@dataclass(frozen=True)
class DeadLetter:
    """An event that could not be handled.

    `data` is the event as it was read. Its `river` has made so many `attempts`; the last had this `error`.
    """

    river: str
    data: bytes
    error: str
    attempts: int


@dataclass(frozen=True)
class StoredDeadLetter:
    """A dead letter and its number in the store."""

    number: int
    dead_letter: DeadLetter


class Delivery(Protocol):
    """An event delivered by a river. Unless it is acknowledged it is delivered again."""

    data: bytes
    attempt: int
    """How often the event has been delivered, from 1."""

    async def ack(self) -> None:
        """Confirm that the event is handled for good."""

    async def nak(self, delay: float) -> None:
        """Request that the event is delivered again in `delay` seconds."""

    async def in_progress(self) -> None:
        """Get more time before the event is delivered again."""


class River(Protocol):
    """A durable consumer of the rapids."""

    @property
    def epoch(self) -> str:
        """An id that changes when the stream or the river was lost and made again: events may be missing."""

    async def fetch(self, limit: int, timeout: float) -> Sequence[Delivery]:
        """Return at most `limit` events that are there, or else those that come within `timeout` seconds.

        Raises Unavailable.
        """

    async def pending(self) -> int:
        """Return how many events are not acknowledged yet. Raises Unavailable."""

    async def close(self) -> None:
        """Stop reading. The river itself remains, and other readers get what was not delivered."""


class Bus(Protocol):
    """A process's connection to the broker. A lost connection is made again by itself."""

    @property
    def connected(self) -> bool:
        """Whether there is a connection now."""

    async def publish_events(self, events: Sequence[Event], to: str | None = None) -> None:
        """Store events, and return when all are on disk. An event published again within two minutes is
        stored once. Snapshot pages are addressed `to` a river or ALL.

        Raises Unavailable, and ValueError for an event that is not valid or larger than the broker accepts.
        """

    async def open_river(self, name: str, domains: Sequence[str]) -> River:
        """Return the river of that name with all events of these domains. A new river begins with the next
        event. Raises Unavailable.
        """

    async def dead_letter(self, dead_letter: DeadLetter) -> None:
        """Store a dead letter. Raises Unavailable."""

    async def dead_letters(self, river: str | None = None) -> Sequence[StoredDeadLetter]:
        """Return the dead letters, oldest first. Raises Unavailable."""

    async def delete_dead_letter(self, stored: StoredDeadLetter) -> None:
        """Delete a dead letter. Raises Unavailable."""

    async def redrive(self, stored: StoredDeadLetter) -> None:
        """Deliver a dead letter to its river once more, and delete it. Raises Unavailable."""

    async def publish(self, topic: str, content: bytes) -> None:
        """Send a message to all subscribers. Without a connection it is lost."""

    async def subscribe(self, topic: str, handler: MessageHandler) -> None:
        """Call `handler` for each message from now on, also after a reconnection.

        In `topic`, `*` means one word between dots and a final `>` for one or more words.
        """

    async def reply(self, topic: str, handler: RequestHandler) -> None:
        """Let `handler` reply to requests from now on. If several processes do that, one gets each
        request.
        """

    async def request(self, topic: str, content: bytes, timeout: float) -> bytes:
        """Return the reply. Raises Unavailable when nobody replies within `timeout` seconds."""

    def on_connection_change(self, callback: Callable[[bool], None]) -> None:
        """Call `callback` with False when the connection is lost, and with True when it is back.

        It is also called with False and then True when messages were lost although there was a connection.
        """

    async def close(self) -> None:
        """Send all messages that are still waiting, and end the connection."""
