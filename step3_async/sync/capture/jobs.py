"""The snapshots that are to be made, and how far they are."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection

from step3_async.contracts.envelope import Document
from step3_async.rapids.bus import ALL


@dataclass(frozen=True)
class Job:
    """The snapshot `run` of a domain, addressed `to` a river or ALL; its pages with ids up to `after` are
    published, and maybe one more that ended with `upto`.
    """

    run: str
    to: str
    after: str | None
    upto: str | None


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
            run = uuid4().hex
            await self._jobs.insert_one({"_id": run, "domain": domain, "rivers": [river], "begun": False})
            self.wanted.set()
            return run

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
        to = rivers[0] if len(rivers) == 1 else ALL
        return Job(run, to, job.get("after"), job.get("upto"))

    async def reach(self, run: str, after: str | None, upto: str | None) -> bool:
        """Note that all up to `after` is published, and what is up to `upto` comes next; whether the snapshot
        is still wanted. Raises PyMongoError.
        """
        reached = await self._jobs.update_one({"_id": run}, {"$set": {"after": after, "upto": upto}})
        return bool(reached.matched_count)

    async def finish(self, run: str) -> None:
        """Note that all is published. Raises PyMongoError."""
        await self._jobs.delete_one({"_id": run})
