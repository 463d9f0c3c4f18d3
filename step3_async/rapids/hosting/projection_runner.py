"""The projection runner keeps a service's ponds up to date, and publishes what they show."""

import asyncio
import time
from collections.abc import Sequence

import structlog
from pydantic import ValidationError

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import Bus, DeadLetter
from step3_async.rapids.consumer import Consumer
from step3_async.rapids.messages import APPLIED, APPLIED_QUERY, Applied, AppliedQuery, AppliedReply
from step3_async.rapids.pond import Pond
from step3_async.rapids.tasks import wait_unless

AGAIN_SECONDS, LONGEST_AGAIN_SECONDS = 1.0, 30.0
DEAD_SECONDS = 1.0
"""How long dead letters are remembered once they were read, as queries come often."""

Named = frozenset[tuple[str, str]]
"""Documents by domain and key."""

log = structlog.stdlib.get_logger(__name__)


class ProjectionRunner:
    """Fills the ponds of `service` from its river, in one event loop."""

    tags: tuple[str, ...] = ()

    def __init__(self, bus: Bus, service: str, ponds: Sequence[Pond]) -> None:
        self._bus, self._service = bus, service
        self._ponds = {pond.domain: pond for pond in ponds}
        self._consumer = self._new_consumer()
        self._stopping = asyncio.Event()
        self._dead: Named = frozenset()
        self._dead_until = 0.0

    @property
    def subscriptions(self) -> list[str]:
        """The domains whose events it projects."""
        return list(self._ponds)

    @property
    def ready(self) -> bool:
        """Whether the ponds are complete, and contain all changes before the start."""
        return self._consumer.ready

    @property
    def pending(self) -> int:
        """How many events are not projected yet."""
        return self._consumer.pending

    async def run(self) -> None:
        """Project events and reply to queries until `stop`."""
        await self._bus.reply(f"{APPLIED_QUERY}.{self._service}", self._reply)
        again = AGAIN_SECONDS
        while not self._stopping.is_set():
            try:
                await self._consumer.run()
                return
            except Exception:
                log.exception("projecting events failed and is tried again", seconds=again)
            await wait_unless(self._stopping, again)
            again = min(2 * again, LONGEST_AGAIN_SECONDS)
            self._consumer = self._new_consumer()

    async def stop(self) -> None:
        """Finish the current batch within a few seconds, and end `run`."""
        self._stopping.set()
        await self._consumer.stop()

    def _new_consumer(self) -> Consumer:
        return Consumer(self._bus, self._service, self._ponds, on_applied=self._publish)

    async def _publish(self, domain: str, documents: list[tuple[str, int]]) -> None:
        applied = Applied(service=self._service, domain=domain, documents=documents)
        await self._bus.publish(f"{APPLIED}.{self._service}", applied.model_dump_json().encode())

    async def _reply(self, content: bytes) -> bytes:
        query = AppliedQuery.model_validate_json(content)
        pond = self._ponds.get(query.domain)
        revision = await asyncio.to_thread(pond.applied_revision, query.key) if pond else None
        dead_lettered = (query.domain, query.key) in await self._dead_letters()
        return AppliedReply(revision=revision, dead_lettered=dead_lettered).model_dump_json().encode()

    async def _dead_letters(self) -> Named:
        if time.monotonic() >= self._dead_until:
            dead_letters = [kept.dead_letter for kept in await self._bus.dead_letters(self._service)]
            self._dead = frozenset(named for each in dead_letters if (named := _document_of(each)))
            self._dead_until = time.monotonic() + DEAD_SECONDS
        return self._dead


def _document_of(dead_letter: DeadLetter) -> tuple[str, str] | None:
    try:
        event = Event.model_validate_json(dead_letter.data)
    except ValidationError:
        return None
    return event.event_domain, event.key
