"""A flow over rapids in memory, and those around it: handlers, and a capture that gives snapshots."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from threading import Event as Gate
from typing import Any

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import Bus
from step3_async.rapids.consumer import Consumer
from step3_async.rapids.messages import (
    REBUILD,
    RebuildRequest,
    RebuildStatus,
    SnapshotAccepted,
    SnapshotRequest,
)
from tests.step3.rivers import Change, snapshot
from tests.support.eventually import PATIENCE
from tests.support.memory_bus import Broker, MemoryBus

QUICK = (0.02, 0.04, 0.06, 0.08)


class Taker:
    """A handler that notes what it is given, and does with each event what `does` says."""

    def __init__(self, does: Callable[[Event], None] = lambda _: None) -> None:
        self.batches: list[list[str]] = []
        self.taken: list[str] = []
        self.gate = Gate()
        self.gate.set()
        self._does = does

    def apply(self, events: Sequence[Event]) -> list[tuple[str, int]]:
        self.batches.append([event.event_id for event in events])
        self.gate.wait(2 * PATIENCE)
        for event in events:
            self._does(event)
        self.taken += [event.event_id for event in events]
        return [(event.key, 7) for event in events]


class Capture:
    """Promises snapshots of histories by domain; gives those it holds back when it is told to."""

    def __init__(self, transport: Bus, histories: dict[str, list[Change]]) -> None:
        self.wishes: list[SnapshotRequest] = []
        self.times: list[float] = []
        self.holds_back = False
        self.loses_a_page = False
        self.answers_after = 0.0
        self._transport, self._histories = transport, histories
        self._runs: dict[str, str] = {}

    async def begin(self) -> None:
        await self._transport.reply("snapshot.request", self._answer)

    async def give(self, river: str, domain: str) -> None:
        """Publish what was promised."""
        history = self._histories[domain]
        later = len(history) + len(self.wishes)
        pages = snapshot(domain, history, later, self._runs.pop(domain))
        if self.loses_a_page:
            del pages[1]
        await self._transport.publish_events(pages, river)

    async def _answer(self, text: bytes) -> bytes:
        wish = SnapshotRequest.model_validate_json(text)
        self.wishes.append(wish)
        self.times.append(time.monotonic())
        for domain in wish.domains:
            if wish.again or domain not in self._runs:
                self._runs[domain] = f"run-{domain}-{len(self.wishes)}"
        promise = SnapshotAccepted(runs={domain: self._runs[domain] for domain in wish.domains})
        for domain in () if self.holds_back else wish.domains:
            await self.give(wish.river, domain)
        await asyncio.sleep(self.answers_after)
        return promise.model_dump_json().encode()


@asynccontextmanager
async def flowing(rapids: Broker, handlers: dict[str, Any], **options: Any) -> AsyncIterator[Consumer]:
    """A flow called `papers` that runs until the end of the block; its transport is `flow.transport`."""
    transport = options.pop("transport", None) or MemoryBus(rapids)
    flow = Consumer(transport, "papers", handlers, **{"delays": QUICK} | options)
    running = asyncio.create_task(flow.run())
    try:
        yield flow
    finally:
        await flow.stop()
        await asyncio.wait_for(running, PATIENCE)


async def order(transport: MemoryBus, **what: Any) -> RebuildStatus:
    """What the flow answers to an order."""
    text = RebuildRequest(**what).model_dump_json().encode()
    return RebuildStatus.model_validate_json(await transport.request(f"{REBUILD}.papers", text, 10))
