"""Publishing how all documents of a source are."""

import asyncio
import contextlib
from typing import NoReturn

import structlog
from pymongo.errors import PyMongoError

from step3_async.contracts.envelope import Page
from step3_async.rapids.bus import Unavailable
from step3_async.rapids.tasks import cancel
from step3_async.sync.capture.charge import Charge
from step3_async.sync.capture.jobs import Job
from step3_async.sync.capture.metrics import PAGES, SNAPSHOTS
from step3_async.sync.capture.pages import page_event, read_page
from step3_async.sync.capture.publishing import publish

GATHER_SECONDS = 0.3
"""A new one waits so long for others to join."""

LOOK_SECONDS = 3.0
"""Another instance may have promised one."""

PAUSE_SECONDS = 1.0
AT_ONCE = 2

log = structlog.stdlib.get_logger(__name__)


class Snapshots:
    """Publishes the snapshots that are wanted, each from where it was left."""

    def __init__(self, charge: Charge) -> None:
        self._charge = charge
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def run(self, started: asyncio.Event) -> NoReturn:
        """Go on as long as the lease is held. Pages say how things are after `started`, from when on changes
        are followed; so nothing falls between. Raises Taken.
        """
        await started.wait()
        under_way: dict[str, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                under_way = {run: task for run, task in under_way.items() if not task.done()}
                for run in await self._runs():
                    if run not in under_way:
                        under_way[run] = group.create_task(self._publish_patiently(run))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._charge.jobs.wanted.wait()
                self._charge.jobs.wanted.clear()

    async def _runs(self) -> list[str]:
        try:
            return await self._charge.jobs.runs(self._charge.domain)
        except PyMongoError:
            return []  # who follows tells

    async def _publish_patiently(self, run: str) -> None:
        """Publish a snapshot. Where something is away it ends early, and is begun again."""
        await asyncio.sleep(GATHER_SECONDS)
        async with self._at_once:
            try:
                job = await self._charge.jobs.begin(run)
                if job is not None:
                    await self._publish(job)
            except (PyMongoError, Unavailable) as error:
                reason = f"{type(error).__name__}: {error}"
                log.warning("snapshot waits", domain=self._charge.domain, run=run, reason=reason)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _publish(self, job: Job) -> None:
        log.info("snapshot begins", domain=self._charge.domain, run=job.run, to=job.to, after=job.after)
        page, version = await self._page(job, job.after, job.upto)
        end = job.upto
        while await self._charge.jobs.reach(job.run, page.after, end or page.upto):
            end = None if end == page.upto else end
            # The next one is read while this one is published.
            reading = None if page.last else asyncio.create_task(self._page(job, page.upto, end))
            try:
                self._charge.lease.check()
                event = page_event(self._charge.domain, page, version)
                await publish(self._charge.transport, [event], job.to)
                PAGES.labels(self._charge.domain).inc()
                if reading is None:
                    await self._charge.jobs.finish(job.run)
                    SNAPSHOTS.labels(self._charge.domain).inc()
                    log.info("snapshot ends", domain=self._charge.domain, run=job.run)
                    return
                page, version = await reading
            finally:
                if reading:
                    await cancel(reading)

    async def _page(self, job: Job, after: str | None, end: str | None) -> tuple[Page, str]:
        return await read_page(self._charge, job.run, after, end)
