"""Doing all there is to be done for one source, as long as no other instance does."""

import asyncio
import contextlib
import time

import structlog
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from step3_async.contracts.envelope import Document
from step3_async.rapids.bus import Bus
from step3_async.rapids.tasks import until_one_ends
from step3_async.sync.capture.charge import Charge
from step3_async.sync.capture.follow import Follower
from step3_async.sync.capture.jobs import Jobs
from step3_async.sync.capture.lease import Lease, Taken
from step3_async.sync.capture.positions import Position
from step3_async.sync.capture.snapshot import Snapshots
from step3_async.sync.capture.sources import Source
from step3_async.sync.capture.stream import PATIENCE_MS

PAUSE_SECONDS = 1.0
RELEASE_SECONDS = 2.0

log = structlog.stdlib.get_logger(__name__)


class Lead:
    """Stands by, and follows `source` in `owner`, its owner's database, while the lease is ours."""

    def __init__(
        self,
        source: Source,
        owner: AsyncDatabase[Document],
        own: AsyncDatabase[Document],
        transport: Bus,
        holder: str,
    ) -> None:
        self._source, self._collection = source, owner[source.collection]
        self._transport, self._positions = transport, own["positions"]
        self._lease = Lease(own["leases"], source.domain, holder)
        self._jobs = Jobs(own["snapshots"])
        self._follower: Follower | None = None

    @property
    def leads(self) -> bool:
        """Whether it follows now."""
        return self._lease.held

    @property
    def lag(self) -> float:
        """For how many seconds changes may not have been published; 0 where another instance follows."""
        if self._follower is None or not self.leads:
            return 0.0
        # Where nothing happens MongoDB says so only this often.
        return max(0.0, time.time() - self._follower.until - PATIENCE_MS / 1000)

    async def promise(self, river: str, again: bool) -> str:
        """The run of a snapshot for `river`. Raises PyMongoError."""
        return await self._jobs.promise(river, self._source.domain, again)

    async def run(self) -> None:
        """Go on until cancelled; then others may take over at once."""
        try:
            while True:
                try:
                    await self._lease.take()
                    log.info("follows", domain=self._source.domain, term=self._lease.term)
                    await self._lead()
                except Taken:
                    log.warning("another instance may follow now", domain=self._source.domain)
                except PyMongoError as error:
                    log.warning("waits", domain=self._source.domain, reason=str(error))
                    await asyncio.sleep(PAUSE_SECONDS)
                except Exception:  # a fault of ours in one source must not end it for good
                    log.exception("unexpected error", domain=self._source.domain)
                    await asyncio.sleep(PAUSE_SECONDS)
        finally:
            with contextlib.suppress(PyMongoError, TimeoutError):
                async with asyncio.timeout(RELEASE_SECONDS):
                    await self._lease.release()

    async def _lead(self) -> None:
        position = Position(self._positions, self._lease)
        charge = Charge(self._source, self._collection, self._transport, self._lease, position, self._jobs)
        self._follower = Follower(charge)
        snapshots = Snapshots(charge)
        await until_one_ends(
            self._lease.keep(),
            position.keep(),
            self._follower.run(),
            snapshots.run(self._follower.started),
        )
