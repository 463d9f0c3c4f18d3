"""Publishing how all documents of a source are."""

import asyncio
import contextlib
from typing import NoReturn

import structlog
from bson import Timestamp
from pymongo.errors import PyMongoError

from step3_async.rapids.event import SNAPSHOT_PAGE, Document, Event, Page, event_id_of, now, version_of
from step3_async.rapids.transport import Unavailable
from step3_async.sync.capture.charge import Charge
from step3_async.sync.capture.jobs import Job
from step3_async.sync.capture.metrics import PAGES, SNAPSHOTS
from step3_async.sync.capture.publishing import publish

MOST = 500
MOST_CHARACTERS = 500_000
"""Of one page; a single document may be longer."""

GATHER_SECONDS = 0.3
"""A new one waits so long for others to join."""

LOOK_SECONDS = 1.0
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
        page, version = await self._page(job.run, job.after, job.upto)
        end = job.upto
        while await self._charge.jobs.reach(job.run, page.after, end or page.upto):
            end = None if end == page.upto else end
            # The next one is read while this one is published.
            reading = None if page.last else asyncio.create_task(self._page(job.run, page.upto, end))
            try:
                self._charge.lease.check()
                await publish(self._charge.transport, [self._event(page, version)], job.to)
                PAGES.labels(self._charge.domain).inc()
                if reading is None:
                    await self._charge.jobs.finish(job.run)
                    SNAPSHOTS.labels(self._charge.domain).inc()
                    log.info("snapshot ends", domain=self._charge.domain, run=job.run)
                    return
                page, version = await reading
            finally:
                if reading:
                    reading.cancel()
                    await asyncio.gather(reading, return_exceptions=True)

    async def _page(self, run: str, after: str | None, end: str | None) -> tuple[Page, str]:
        """The documents that follow the id `after`, as they were all at one moment, and that as a version.

        A page that may have been published already ends with the same id as then, whatever has come and gone
        since: the next one goes on from there.
        """
        moment = await self._now()
        # Texts only: MongoDB compares within a type.
        within = {"$gte": ""} if after is None else {"$gt": after}
        reply = await self._charge.collection.database.command(
            {
                "find": self._charge.collection.name,
                "filter": {"_id": within | ({"$lte": end} if end is not None else {})},
                "projection": self._charge.source.fields,
                "sort": {"_id": 1},
                "limit": MOST,
                "batchSize": MOST,
                "readConcern": {"level": "snapshot", "atClusterTime": moment},
            },
            codec_options=self._charge.collection.codec_options,
        )
        found: list[Document] = reply["cursor"]["firstBatch"]
        documents = _at_most(found, MOST_CHARACTERS)
        is_all = len(found) < MOST and len(documents) == len(found) and not reply["cursor"]["id"]
        upto = end if is_all else documents[-1]["_id"]
        page = Page(run=run, documents=documents, after=after, upto=upto, last=upto is None)
        return page, version_of(moment)

    async def _now(self) -> Timestamp:
        reply = await self._charge.collection.database.command("ping")
        moment: Timestamp = reply["operationTime"]
        return moment

    def _event(self, page: Page, version: str) -> Event:
        # Other documents than at an earlier try are another event, or they would be taken for known.
        named = f"{page.run} {self._charge.domain} {page.after} {page.upto} {version}"
        return Event(
            event_id=event_id_of(named),
            event_domain=self._charge.domain,
            event_name=SNAPSHOT_PAGE,
            timestamp=now(),
            key="",
            version=version,
            payload=page.model_dump(),
        )


def _at_most(found: list[Document], characters: int) -> list[Document]:
    """The first documents with so many characters, one at least."""
    size = 0
    for count, document in enumerate(found):
        document.pop("traceparent", None)
        size += sum(len(value) for value in document.values() if isinstance(value, str))
        if size > characters and count:
            return found[:count]
    return found
