"""Taking events into a service's ponds, and telling others what they show."""

import asyncio
import contextlib
import time
from collections.abc import Sequence

import structlog
from pydantic import ValidationError

from step3_async.rapids.event import Event
from step3_async.rapids.flow import Flow
from step3_async.rapids.pond import Pond
from step3_async.rapids.signals import APPLIED, SETTLED, Doubt, Settled, Word
from step3_async.rapids.transport import Letter, Transport

AGAIN_SECONDS, LONGEST_AGAIN_SECONDS = 1.0, 30.0
DEAD_SECONDS = 1.0
"""How long what is known of dead letters serves; whoever doubts asks often."""

Named = frozenset[tuple[str, str]]
"""Documents by domain and key."""

log = structlog.stdlib.get_logger(__name__)


class Taking:
    """The ponds of `service`, its river, and what is told of them; for the thread of one event loop."""

    def __init__(self, transport: Transport, service: str, ponds: Sequence[Pond]) -> None:
        self._transport, self._service = transport, service
        self._ponds = {pond.domain: pond for pond in ponds}
        self._flow = self._new_flow()
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
        return self._flow.ready

    @property
    def behind(self) -> int:
        """How many events are yet to be taken."""
        return self._flow.behind

    async def run(self) -> None:
        """Take events, and answer who doubts, until stopped."""
        await self._transport.answer(f"{APPLIED}.{self._service}", self._answer)
        again = AGAIN_SECONDS
        while not self._stopping.is_set():
            try:
                await self._flow.run()
                return
            except Exception:
                log.exception("taking events failed; it begins again", seconds=again)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), again)
            again = min(2 * again, LONGEST_AGAIN_SECONDS)
            self._flow = self._new_flow()

    async def stop(self) -> None:
        """Finish what is being taken, within a few seconds, and end `run`."""
        self._stopping.set()
        await self._flow.stop()

    def _new_flow(self) -> Flow:
        return Flow(self._transport, self._service, self._ponds, on_settled=self._tell)

    async def _tell(self, domain: str, documents: list[tuple[str, int]]) -> None:
        told = Settled(service=self._service, domain=domain, documents=documents)
        await self._transport.tell(f"{SETTLED}.{self._service}", told.model_dump_json().encode())

    async def _answer(self, text: bytes) -> bytes:
        doubt = Doubt.model_validate_json(text)
        pond = self._ponds.get(doubt.domain)
        revision = await asyncio.to_thread(pond.applied, doubt.key) if pond else None
        set_aside = (doubt.domain, doubt.key) in await self._set_aside()
        return Word(revision=revision, set_aside=set_aside).model_dump_json().encode()

    async def _set_aside(self) -> Named:
        if time.monotonic() >= self._dead_until:
            letters = [kept.letter for kept in await self._transport.dead(self._service)]
            self._dead = frozenset(named for each in letters if (named := _named(each)))
            self._dead_until = time.monotonic() + DEAD_SECONDS
        return self._dead


def _named(letter: Letter) -> tuple[str, str] | None:
    try:
        event = Event.model_validate_json(letter.raw)
    except ValidationError:
        return None
    return event.event_domain, event.key
