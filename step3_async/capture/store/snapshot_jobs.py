"""Snapshot jobs: the requested snapshots and their progress."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from step3_async.contracts.envelope import Document
from step3_async.rapids.bus import ALL


@dataclass(frozen=True)
class SnapshotJob:
    """The job of publishing the snapshot `run`, addressed `to` a river or ALL.

    Its pages up to the id `after` are published. The next page ends with the id `upto`, if that is set, and
    may be published already.
    """

    run: str
    to: str
    after: str | None
    upto: str | None


class SnapshotJobs:
    """The jobs in a collection. Rivers that request the same at about the same time share a job."""

    def __init__(self, jobs: AsyncCollection[Document]) -> None:
        self._jobs = jobs
        self._accepting = asyncio.Lock()
        self.added = asyncio.Event()
        """Set when this process has added a job."""

    async def accept(self, river: str, domain: str, again: bool) -> str:
        """Add a job for `river`, or let it join one that has not begun, and return the run.

        Without `again`, a job that the river has already is enough. Raises PyMongoError.
        """
        own = {"domain": domain, "rivers": river}
        # One at a time, so that simultaneous requests find each other's job.
        async with self._accepting:
            if again:
                await self._jobs.delete_many({**own, "rivers": [river]})
                await self._jobs.update_many({**own, "begun": True}, {"$pull": {"rivers": river}})
            elif found := await self._jobs.find_one(own):
                return str(found["_id"])
            shared = await self._jobs.find_one_and_update(
                {"domain": domain, "begun": False}, {"$addToSet": {"rivers": river}}
            )
            if shared is not None:
                return str(shared["_id"])
            run = uuid4().hex
            await self._jobs.insert_one({"_id": run, "domain": domain, "rivers": [river], "begun": False})
            self.added.set()
            return run

    async def runs(self, domain: str) -> list[str]:
        """Return the runs of all jobs of a domain. Raises PyMongoError."""
        return [str(job["_id"]) async for job in self._jobs.find({"domain": domain}, {"_id": 1})]

    async def begin(self, run: str) -> SnapshotJob | None:
        """Begin or continue a job, and return it; None if it was deleted. No river can join it any more.

        Raises PyMongoError.
        """
        job = await self._jobs.find_one_and_update(
            {"_id": run}, {"$set": {"begun": True}}, return_document=ReturnDocument.AFTER
        )
        if job is None:
            return None
        rivers = job["rivers"]
        to = rivers[0] if len(rivers) == 1 else ALL
        return SnapshotJob(run, to, job.get("after"), job.get("upto"))

    async def reach(self, run: str, after: str | None, upto: str | None) -> bool:
        """Note that the pages up to `after` are published, and that the next one ends with `upto`. Return
        whether the job still exists. Raises PyMongoError.
        """
        reached = await self._jobs.update_one({"_id": run}, {"$set": {"after": after, "upto": upto}})
        return bool(reached.matched_count)

    async def finish(self, run: str) -> None:
        """Delete a job that is done. Raises PyMongoError."""
        await self._jobs.delete_one({"_id": run})
