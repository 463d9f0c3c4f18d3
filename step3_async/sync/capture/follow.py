"""Following what happens to a source, and publishing it."""

import asyncio
import time
from datetime import UTC, datetime
from typing import NoReturn

import structlog
from pymongo.errors import PyMongoError

from step3_async.rapids.bus import ALL, Unavailable
from step3_async.rapids.tasks import cancel
from step3_async.sync.capture.charge import Charge
from step3_async.sync.capture.events import Events
from step3_async.sync.capture.metrics import DELAY, LOST, PUBLISHED
from step3_async.sync.capture.publishing import publish
from step3_async.sync.capture.stream import Batch, Lost, Stream

PAUSE_SECONDS, LONGEST_PAUSE = 0.1, 2.0
MUCH = 100
"""Changes in a batch after which there are likely to be more already."""

REST, LONGEST_REST = 3, 0.01
"""After few changes capture rests so many times as long as they took, and at most so many seconds: what
happens meanwhile is then published together, which costs it and every river little more than one does.
"""

log = structlog.stdlib.get_logger(__name__)


class Follower:
    """Publishes each change there is, in order, at least once, as long as the lease is held.

    `started` is set once nothing that happens any more can be missed; `until` is the time (as of
    `time.time()`) up to which all is published.
    """

    def __init__(self, charge: Charge) -> None:
        self._charge = charge
        self._events = Events(charge.source, charge.collection)
        self._pause = PAUSE_SECONDS
        self.started = asyncio.Event()
        self.until = time.time()

    async def run(self) -> NoReturn:
        """Follow, through whatever is away. Raises Taken."""
        begins_again = False
        while True:
            try:
                if begins_again:
                    await self._begin_again()
                    begins_again = False
                await self._follow()
            except Lost as lost:
                begins_again = True
                LOST.labels(self._charge.domain).inc()
                log.error(
                    "changes were missed: following begins anew, and everybody gets a snapshot",
                    domain=self._charge.domain,
                    reason=str(lost),
                )
            except (PyMongoError, Unavailable) as error:
                log.warning("waits", domain=self._charge.domain, reason=f"{type(error).__name__}: {error}")
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def _follow(self) -> NoReturn:
        stream = Stream(self._charge.collection, self._charge.source.fields)
        reading: asyncio.Task[Batch] | None = None
        try:
            token = await self._charge.position.read()
            begun = await stream.open(token)
            if token is None:
                await self._charge.position.write(begun)
            self.started.set()
            batch = await stream.batch()
            while batch.ends is None:
                is_much, began = len(batch.changes) >= MUCH, time.monotonic()
                # Of much the next part is read while this one is published.
                reading = asyncio.create_task(stream.batch()) if is_much else None
                await self._publish(batch)
                if batch.changes and not is_much:
                    await asyncio.sleep(min(REST * (time.monotonic() - began), LONGEST_REST))
                batch = await (reading or stream.batch())
            await self._publish(batch)
            raise Lost(f"the collection is no longer what it was ({batch.ends})")
        finally:
            if reading:
                await cancel(reading)
            await stream.close()

    async def _publish(self, batch: Batch) -> None:
        domain, read_at = self._charge.domain, time.time()
        events = await self._events.of(batch.changes)
        self._charge.lease.check()
        if events:
            await publish(self._charge.transport, events)
            now = datetime.now(UTC)
            for event in events:
                DELAY.labels(domain).observe((now - event.timestamp).total_seconds())
            PUBLISHED.labels(domain).inc(len(events))
        # An empty batch says that there was nothing more.
        self.until = events[-1].timestamp.timestamp() if events else read_at
        self._charge.position.reached(batch.token, moved=bool(batch.changes))
        self._pause = PAUSE_SECONDS

    async def _begin_again(self) -> None:
        """Follow from now, and have a snapshot tell how everything is after that moment. The snapshot is
        asked for first: killed in between, this is simply done again.
        """
        stream = Stream(self._charge.collection, self._charge.source.fields)
        try:
            begun = await stream.open(None)
            await self._charge.jobs.promise(ALL, self._charge.domain, again=True)
            await self._charge.position.write(begun)
        finally:
            await stream.close()
