"""Leader election: one of all instances of capture follows a source."""

import asyncio
import contextlib
import time

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from step3_async.capture.following.change_stream import WAIT_MS
from step3_async.capture.following.follower import Follower
from step3_async.capture.snapshots.snapshots import Snapshots
from step3_async.capture.sources import Source
from step3_async.capture.store.assignment import Assignment
from step3_async.capture.store.lease import Lease, LeaseLost
from step3_async.capture.store.resume_token import ResumeToken
from step3_async.capture.store.snapshot_jobs import SnapshotJobs
from step3_async.contracts.envelope import Document
from step3_async.rapids.bus import Bus
from step3_async.rapids.tasks import until_one_ends

PAUSE_SECONDS = 1.0
RELEASE_SECONDS = 2.0

log = structlog.stdlib.get_logger(__name__)


class Leader:
    """Waits for the lease of `source`, and follows that source in its `owner`'s database while it holds it.

    The lease and the resume token are in capture's `own` database.
    """

    def __init__(
        self,
        source: Source,
        owner: AsyncDatabase[Document],
        own: AsyncDatabase[Document],
        bus: Bus,
        *,
        holder: str,
    ) -> None:
        self._source, self._collection, self._bus = source, owner[source.collection], bus
        self._resume_tokens = own["positions"]
        self._lease = Lease(own["leases"], source.domain, holder)
        self._snapshot_jobs = SnapshotJobs(own["snapshots"])
        self._follower: Follower | None = None

    @property
    def leads(self) -> bool:
        """Whether this instance follows the source now."""
        return self._lease.held

    @property
    def lag(self) -> float:
        """For how many seconds changes may be unpublished; 0 if another instance follows the source."""
        if self._follower is None or not self.leads:
            return 0.0
        # Without changes MongoDB replies only this often.
        return max(0.0, time.time() - self._follower.until - WAIT_MS / 1000)

    async def accept(self, river: str, again: bool) -> str:
        """Accept a request for a snapshot for `river`, and return its run. Raises PyMongoError."""
        return await self._snapshot_jobs.accept(river, self._source.domain, again)

    async def run(self) -> None:
        """Follow whenever this instance holds the lease. When cancelled, release the lease at once."""
        try:
            while True:
                try:
                    await self._lease.take()
                    log.info("following a source", domain=self._source.domain, term=self._lease.term)
                    await self._lead()
                except LeaseLost:
                    log.warning(
                        "the lease is lost, so another instance may follow the source",
                        domain=self._source.domain,
                    )
                except PyMongoError as error:
                    log.warning("cannot follow a source yet", domain=self._source.domain, reason=str(error))
                    await asyncio.sleep(PAUSE_SECONDS)
                except Exception:  # a bug at one source must not end it for good
                    log.exception("unexpected error", domain=self._source.domain)
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            with contextlib.suppress(PyMongoError, TimeoutError):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await self._lease.release()

    async def _lead(self) -> None:
        resume_token = ResumeToken(self._resume_tokens, self._lease)
        assignment = Assignment(
            source=self._source,
            collection=self._collection,
            bus=self._bus,
            lease=self._lease,
            resume_token=resume_token,
            snapshot_jobs=self._snapshot_jobs,
        )
        self._follower = Follower(assignment)
        snapshots = Snapshots(assignment)
        await until_one_ends(
            self._lease.keep(),
            resume_token.keep(),
            self._follower.run(),
            snapshots.run(self._follower.started),
        )
