"""A consumer over rapids in memory, and what it needs: handlers, and a capture that publishes snapshots."""

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
from tests.step3.histories import Change, snapshot
from tests.support.eventually import PATIENCE
from tests.support.memory_bus import Broker, MemoryBus

QUICK = (0.02, 0.04, 0.06, 0.08)


class RecordingHandler:
    """A handler that records its events, and calls `does` with each."""

    def __init__(self, does: Callable[[Event], None] = lambda _: None) -> None:
        self.batches: list[list[str]] = []
        self.handled: list[str] = []
        self.gate = Gate()
        self.gate.set()
        self._does = does

    def apply(self, events: Sequence[Event]) -> list[tuple[str, int]]:
        self.batches.append([event.event_id for event in events])
        self.gate.wait(2 * PATIENCE)
        for event in events:
            self._does(event)
        self.handled += [event.event_id for event in events]
        return [(event.key, 7) for event in events]


class Capture:
    """Accepts requests for snapshots of histories by domain. With `holds_back` only `give` publishes them."""

    def __init__(self, transport: Bus, histories: dict[str, list[Change]]) -> None:
        self.requests: list[SnapshotRequest] = []
        self.times: list[float] = []
        self.holds_back = False
        self.loses_a_page = False
        self.replies_after = 0.0
        self._transport, self._histories = transport, histories
        self._runs: dict[str, str] = {}

    async def begin(self) -> None:
        await self._transport.reply("snapshot.request", self._accept)

    async def give(self, river: str, domain: str) -> None:
        """Publish an accepted snapshot."""
        history = self._histories[domain]
        later = len(history) + len(self.requests)
        pages = snapshot(domain, history, later, self._runs.pop(domain))
        if self.loses_a_page:
            del pages[1]
        await self._transport.publish_events(pages, river)

    async def _accept(self, text: bytes) -> bytes:
        request = SnapshotRequest.model_validate_json(text)
        self.requests.append(request)
        self.times.append(time.monotonic())
        domains = [each for each in request.domains if each in self._histories]
        for domain in domains:
            if request.again or domain not in self._runs:
                self._runs[domain] = f"run-{domain}-{len(self.requests)}"
        accepted = SnapshotAccepted(runs={domain: self._runs[domain] for domain in domains})
        for domain in () if self.holds_back else domains:
            await self.give(request.river, domain)
        await asyncio.sleep(self.replies_after)
        return accepted.model_dump_json().encode()


@asynccontextmanager
async def running_consumer(
    rapids: Broker, handlers: dict[str, Any], **options: Any
) -> AsyncIterator[Consumer]:
    """Run a consumer of the river `papers` until the end of the block."""
    transport = options.pop("transport", None) or MemoryBus(rapids)
    consumer = Consumer(transport, "papers", handlers, **{"delays": QUICK} | options)
    running = asyncio.create_task(consumer.run())
    try:
        yield consumer
    finally:
        await consumer.stop()
        await asyncio.wait_for(running, PATIENCE)


async def request_rebuild(transport: MemoryBus, **what: Any) -> RebuildStatus:
    """Return the consumer's reply to a request for a rebuild."""
    text = RebuildRequest(**what).model_dump_json().encode()
    return RebuildStatus.model_validate_json(await transport.request(f"{REBUILD}.papers", text, 10))
