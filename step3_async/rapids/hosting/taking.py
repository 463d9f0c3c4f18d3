"""Taking events into a service's ponds, and telling others what they show."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import structlog
from pydantic import ValidationError

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import Bus, DeadLetter
from step3_async.rapids.consumer import Consumer
from step3_async.rapids.messages import APPLIED, APPLIED_QUERY, Applied, AppliedQuery, AppliedReply
from step3_async.rapids.pond import Pond

AGAIN_SECONDS, LONGEST_AGAIN_SECONDS = 1.0, 30.0
DEAD_SECONDS = 1.0
"""How long what is known of dead letters serves; whoever doubts asks often."""

Named = frozenset[tuple[str, str]]
"""Documents by domain and key."""

log = structlog.stdlib.get_logger(__name__)


class Taking:
    """The ponds of `service`, its river, and what is told of them; for the thread of one event loop."""

    def __init__(self, transport: Bus, service: str, ponds: Sequence[Pond]) -> None:
        self._transport, self._service = transport, service
        self._ponds = {pond.domain: pond for pond in ponds}
        self._consumer = self._new_consumer()
        self._stopping = asyncio.Event()
        self._dead: Named = frozenset()
        self._dead_until = 0.0

    @property
    def takes(self) -> list[str]:
        """The domains whose events are taken."""
        return list(self._ponds)

    @property
    def ready(self) -> bool:
        """Whether the ponds are whole, and what had happened before the start is in them."""
        return self._consumer.ready

    @property
    def behind(self) -> int:
        """How many events are yet to be taken."""
        return self._consumer.behind

    async def run(self) -> None:
        """Take events, and answer who doubts, until stopped."""
        await self._transport.reply(f"{APPLIED_QUERY}.{self._service}", self._answer)
        again = AGAIN_SECONDS
        while not self._stopping.is_set():
            try:
                await self._consumer.run()
                return
            except Exception:
                log.exception("taking events failed; it begins again", seconds=again)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), again)
            again = min(2 * again, LONGEST_AGAIN_SECONDS)
            self._consumer = self._new_consumer()

    async def stop(self) -> None:
        """Finish what is being taken, within a few seconds, and end `run`."""
        self._stopping.set()
        await self._consumer.stop()

    def _new_consumer(self) -> Consumer:
        return Consumer(self._transport, self._service, self._ponds, on_applied=self._tell)

    async def _tell(self, domain: str, documents: list[tuple[str, int]]) -> None:
        told = Applied(service=self._service, domain=domain, documents=documents)
        await self._transport.publish(f"{APPLIED}.{self._service}", told.model_dump_json().encode())

    async def _answer(self, text: bytes) -> bytes:
        doubt = AppliedQuery.model_validate_json(text)
        pond = self._ponds.get(doubt.domain)
        revision = await asyncio.to_thread(pond.applied_revision, doubt.key) if pond else None
        set_aside = (doubt.domain, doubt.key) in await self._set_aside()
        return AppliedReply(revision=revision, dead_lettered=set_aside).model_dump_json().encode()

    async def _set_aside(self) -> Named:
        if time.monotonic() >= self._dead_until:
            letters = [kept.letter for kept in await self._transport.dead_letters(self._service)]
            self._dead = frozenset(named for each in letters if (named := _named(each)))
            self._dead_until = time.monotonic() + DEAD_SECONDS
        return self._dead


def _named(letter: DeadLetter) -> tuple[str, str] | None:
    try:
        event = Event.model_validate_json(letter.data)
    except ValidationError:
        return None
    return event.event_domain, event.key
