"""The port, by NATS and its JetStream."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from step3_async.rapids.event import Event
from step3_async.rapids.nats.confirmations import Parcel
from step3_async.rapids.nats.connection import Connection
from step3_async.rapids.nats.letters import DeadLetters
from step3_async.rapids.nats.link import Link
from step3_async.rapids.nats.publishing import Publisher
from step3_async.rapids.nats.river import NatsRiver
from step3_async.rapids.nats.signals import Signals
from step3_async.rapids.nats.streams import make_streams
from step3_async.rapids.nats.subjects import event_subject
from step3_async.rapids.transport import Answer, Hear, Kept, Letter, Unavailable

LOOK_SECONDS = 5.0

log = structlog.stdlib.get_logger(__name__)


class NatsTransport:
    """See Transport. `provisions`: make the rapids where they are missing, or have been lost."""

    def __init__(self, url: str, name: str, *, provisions: bool = False) -> None:
        self._link = Link(url, name)
        self._provisions = provisions
        self._looking: asyncio.Task[None] | None = None
        self._publisher = Publisher(self._link)
        self._letters = DeadLetters(self._link, self._publisher)
        self._signals = Signals(self._link)

    async def start(self, patience: float) -> None:
        """Connect; after `patience` seconds that goes on in the background."""
        if self._provisions:
            await self._link.establish(_provide)
            self._looking = asyncio.create_task(self._look_after_streams(), name="nats streams")
        self._link.start()
        try:
            await self._link.connection(patience)
        except Unavailable:
            return

    @property
    def connected(self) -> bool:
        """See Transport."""
        return self._link.now is not None

    async def publish(self, events: Sequence[Event], to: str | None = None) -> None:
        """See Transport. Raises ValueError when an event is larger than the server takes."""
        await self._publisher.publish([_parcel(event, to) for event in events])

    async def river(self, name: str, domains: Sequence[str]) -> NatsRiver:
        """See Transport."""
        river = NatsRiver(self._link, name, domains)
        await river.open()
        return river

    async def set_aside(self, letter: Letter) -> None:
        """See Transport."""
        await self._letters.set_aside(letter)

    async def dead(self, river: str | None = None) -> Sequence[Kept]:
        """See Transport."""
        return await self._letters.dead(river)

    async def forget(self, kept: Kept) -> None:
        """See Transport."""
        await self._letters.forget(kept)

    async def put_back(self, kept: Kept) -> None:
        """See Transport."""
        await self._letters.put_back(kept)

    async def tell(self, topic: str, text: bytes) -> None:
        """See Transport."""
        await self._signals.tell(topic, text)

    async def hear(self, topic: str, hear: Hear) -> None:
        """See Transport."""
        await self._signals.hear(topic, hear)

    async def answer(self, topic: str, answer: Answer) -> None:
        """See Transport."""
        await self._signals.answer(topic, answer)

    async def ask(self, topic: str, text: bytes, patience: float) -> bytes:
        """See Transport."""
        return await self._signals.ask(topic, text, patience)

    def on_change(self, callback: Callable[[bool], None]) -> None:
        """See Transport."""
        self._link.on_change(callback)

    async def close(self) -> None:
        """See Transport."""
        if self._looking:
            self._looking.cancel()
        await self._signals.close()
        await self._link.close()

    async def _look_after_streams(self) -> None:
        """Somebody may remove them while the connection lasts."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await _provide(await self._link.connection())


async def _provide(connection: Connection) -> None:
    try:
        await make_streams(connection)
    except Unavailable as error:
        log.warning("the rapids could not be made", error=str(error))


def _parcel(event: Event, to: str | None) -> Parcel:
    identity = f"{event.event_id} {to}" if to else event.event_id
    return Parcel(event_subject(event.event_domain, event.event_name, to), identity, event.dumps(), {})
