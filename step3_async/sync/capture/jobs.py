"""The snapshots that are to be made, and how far they are."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from step3_async.rapids.event import Document
from step3_async.rapids.transport import ALL


@dataclass(frozen=True)
class Job:
    """The snapshot `run` of a domain, addressed `to` a river or ALL; its pages with ids up to `last` are
    published.
    """

    run: str
    to: str
    last: str | None


class Jobs:
    """A collection of them. Rivers that want the same at about the same time share one."""

    def __init__(self, jobs: AsyncCollection[Document]) -> None:
        self._jobs = jobs
        self._promising = asyncio.Lock()
        self.wanted = asyncio.Event()
        """Set when this process has promised a new one."""

    async def promise(self, river: str, domain: str, again: bool) -> str:
        """The run of the snapshot that `river` gets; with `again` all of one whose pages are yet to come.

        Raises PyMongoError.
        """
        own = {"domain": domain, "rivers": river}
        # One at a time, so that those who ask at once find each other's.
        async with self._promising:
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
            job = {"_id": uuid4().hex, "domain": domain, "rivers": [river], "begun": False, "last": None}
            await self._jobs.insert_one(job)
            self.wanted.set()
            return str(job["_id"])

    async def runs(self, domain: str) -> list[str]:
        """The runs that are under way, or to be. Raises PyMongoError."""
        return [str(job["_id"]) async for job in self._jobs.find({"domain": domain}, {"_id": 1})]

    async def begin(self, run: str) -> Job | None:
        """The job, which nobody can join from now on; None if it is no longer wanted. Raises PyMongoError."""
        job = await self._jobs.find_one_and_update(
            {"_id": run}, {"$set": {"begun": True}}, return_document=ReturnDocument.AFTER
        )
        if job is None:
            return None
        rivers = job["rivers"]
        return Job(run, rivers[0] if len(rivers) == 1 else ALL, job["last"])

    async def advance(self, job: Job, last: str | None) -> bool:
        """Note that pages up to `last` are published, None for all; whether it goes on.

        Raises PyMongoError.
        """
        if last is None:
            await self._jobs.delete_one({"_id": job.run})
            return False
        moved = await self._jobs.update_one({"_id": job.run}, {"$set": {"last": last}})
        return bool(moved.matched_count)
