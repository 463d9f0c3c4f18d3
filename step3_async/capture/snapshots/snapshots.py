"""Publish snapshots: all documents of a source, page by page."""

import asyncio
from typing import NoReturn

import structlog
from pymongo.errors import PyMongoError

from step3_async.capture.metrics import PAGES, SNAPSHOTS
from step3_async.capture.publisher import publish
from step3_async.capture.snapshots.pages import page_event, read_page
from step3_async.capture.store.assignment import Assignment
from step3_async.capture.store.snapshot_jobs import SnapshotJob
from step3_async.contracts.envelope import Page
from step3_async.rapids.bus import Unavailable
from step3_async.rapids.tasks import cancel, wait_unless

GATHER_SECONDS = 0.3
"""A new job waits this long for other rivers to join."""

LOOK_SECONDS = 3.0
"""Seconds between two checks for jobs that other instances have accepted."""

PAUSE_SECONDS = 1.0
MAX_RUNNING = 2

log = structlog.stdlib.get_logger(__name__)


class Snapshots:
    """Publishes the snapshots of all jobs. Each continues after the last page that was published."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._free = asyncio.Semaphore(MAX_RUNNING)

    async def run(self, started: asyncio.Event) -> NoReturn:
        """Publish until the lease is lost. Raises LeaseLost.

        Pages are read only once `started` is set: from then on changes are followed, so nothing is missed
        between a page and the changes.
        """
        await started.wait()
        running: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                running = {run: task for run, task in running.items() if not task.done()}
                for run in await self._runs():
                    if run not in running:
                        running[run] = group.create_task(self._publish_patiently(run))
                await wait_unless(self._assignment.snapshot_jobs.added, LOOK_SECONDS)
                self._assignment.snapshot_jobs.added.clear()

    async def _runs(self) -> list[str]:
        try:
            return await self._assignment.snapshot_jobs.runs(self._assignment.domain)
        except PyMongoError:
            return []  # the follower logs that

    async def _publish_patiently(self, run: str) -> None:
        """Publish a snapshot. If MongoDB or the bus is away this ends early, and is continued later."""
        await asyncio.sleep(GATHER_SECONDS)
        async with self._free:
            try:
                job = await self._assignment.snapshot_jobs.begin(run)
                if job is not None:
                    await self._publish(job)
            except (PyMongoError, Unavailable) as error:
                reason = f"{type(error).__name__}: {error}"
                log.warning(
                    "snapshot not published yet", domain=self._assignment.domain, run=run, reason=reason
                )
                await asyncio.sleep(PAUSE_SECONDS)

    async def _publish(self, job: SnapshotJob) -> None:
        log.info("snapshot begins", domain=self._assignment.domain, run=job.run, to=job.to, after=job.after)
        page, version = await self._page(job, job.after, job.upto)
        end = job.upto
        while await self._assignment.snapshot_jobs.reach(job.run, page.after, end or page.upto):
            end = None if end == page.upto else end
            # The next one is read while this one is published.
            reading = None if page.last else asyncio.create_task(self._page(job, page.upto, end))
            try:
                self._assignment.lease.check()
                event = page_event(self._assignment.domain, page, version)
                await publish(self._assignment.bus, [event], job.to)
                PAGES.labels(self._assignment.domain).inc()
                if reading is None:
                    await self._assignment.snapshot_jobs.finish(job.run)
                    SNAPSHOTS.labels(self._assignment.domain).inc()
                    log.info("snapshot ends", domain=self._assignment.domain, run=job.run)
                    return
                page, version = await reading
            finally:
                if reading:
                    await cancel(reading)

    async def _page(self, job: SnapshotJob, after: str | None, end: str | None) -> tuple[Page, str]:
        return await read_page(self._assignment, job.run, after, end)
