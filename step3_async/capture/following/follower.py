"""The follower reads the changes of a source, and publishes them as events."""

import asyncio
import time
from datetime import UTC, datetime
from typing import NoReturn

import structlog
from pymongo.errors import PyMongoError

from step3_async.capture.following.change_stream import Batch, ChangeStream, ResumeTokenLost
from step3_async.capture.following.events import EventFactory
from step3_async.capture.metrics import DELAY, PUBLISHED, TOKENS_LOST
from step3_async.capture.publisher import publish
from step3_async.capture.store.assignment import Assignment
from step3_async.rapids.bus import ALL, Unavailable
from step3_async.rapids.tasks import cancel

PAUSE_SECONDS, LONGEST_PAUSE = 0.1, 2.0
MANY = 100
"""A batch with so many changes is probably followed by another one."""

REST, LONGEST_REST = 3, 0.01
"""After a small batch capture waits REST times as long as it took, but at most LONGEST_REST seconds. Changes
in that time form one batch, which costs capture and every river little more than one change.
"""

log = structlog.stdlib.get_logger(__name__)


class Follower:
    """Publishes every change at least once while the lease is held.

    `started` is set once all changes from then on are followed. All changes up to `until`, a time as
    `time.time()` returns it, are published.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._events = EventFactory(assignment.source, assignment.collection)
        self._pause = PAUSE_SECONDS
        self.started = asyncio.Event()
        self.until = time.time()

    async def run(self) -> NoReturn:
        """Follow the source, and try again while MongoDB or the bus is away. Raises LeaseLost."""
        begins_again = False
        while True:
            try:
                if begins_again:
                    await self._begin_again()
                    begins_again = False
                await self._follow()
            except ResumeTokenLost as lost:
                begins_again = True
                TOKENS_LOST.labels(self._assignment.domain).inc()
                log.error(
                    "changes were missed: capture begins again, and every river gets a snapshot",
                    domain=self._assignment.domain,
                    reason=str(lost),
                )
            except (PyMongoError, Unavailable) as error:
                reason = f"{type(error).__name__}: {error}"
                log.warning("cannot publish changes yet", domain=self._assignment.domain, reason=reason)
                await asyncio.sleep(self._pause)
                self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def _follow(self) -> NoReturn:
        stream = ChangeStream(self._assignment.collection, self._assignment.source.fields)
        reading: asyncio.Task[Batch] | None = None
        try:
            token = await self._assignment.resume_token.read()
            begun = await stream.open(token)
            if token is None:
                await self._assignment.resume_token.write(begun)
            self.started.set()
            batch = await stream.batch()
            while batch.ends is None:
                are_many, began = len(batch.changes) >= MANY, time.monotonic()
                # If there are many changes, the next batch is read while this one is published.
                reading = asyncio.create_task(stream.batch()) if are_many else None
                await self._publish(batch)
                if batch.changes and not are_many:
                    await asyncio.sleep(min(REST * (time.monotonic() - began), LONGEST_REST))
                batch = await (reading or stream.batch())
            await self._publish(batch)
            raise ResumeTokenLost(f"the collection is no longer what it was ({batch.ends})")
        finally:
            if reading:
                await cancel(reading)
            await stream.close()

    async def _publish(self, batch: Batch) -> None:
        domain, read_at = self._assignment.domain, time.time()
        events = await self._events.of(batch.changes)
        self._assignment.lease.check()
        if events:
            await publish(self._assignment.bus, events)
            now = datetime.now(UTC)
            for event in events:
                DELAY.labels(domain).observe((now - event.timestamp).total_seconds())
            PUBLISHED.labels(domain).inc(len(events))
        # An empty batch says that there was nothing more.
        self.until = events[-1].timestamp.timestamp() if events else read_at
        self._assignment.resume_token.advance(batch.token, moved=bool(batch.changes))
        self._pause = PAUSE_SECONDS

    async def _begin_again(self) -> None:
        """Continue from the present moment, and request a snapshot of all documents for what was missed.

        The snapshot is requested before the new token is stored: an instance that is killed in between does
        both again.
        """
        stream = ChangeStream(self._assignment.collection, self._assignment.source.fields)
        try:
            begun = await stream.open(None)
            await self._assignment.snapshot_jobs.accept(ALL, self._assignment.domain, again=True)
            await self._assignment.resume_token.write(begun)
        finally:
            await stream.close()
