"""A lease in MongoDB: of several instances, only the one that holds it does the work."""

import asyncio
import contextlib
import time
from datetime import UTC, datetime

from pymongo import ReturnDocument
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from step3_async.contracts.envelope import Document

LASTS_SECONDS = 4.0
RENEW_SECONDS = 1.0
LOOK_SECONDS = 0.5
"""Seconds between two attempts to take the lease while another instance holds it."""

AGAIN_SECONDS = 0.2
"""Seconds between two attempts to renew the lease while MongoDB is away."""

SPARE_SECONDS = 0.5
"""The holder stops its work this many seconds before the lease ends."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
EXPIRES: Document = {"$add": ["$$NOW", int(LASTS_SECONDS * 1000)]}


class LeaseLost(Exception):
    """This instance does not hold the lease any more."""


class Lease:
    """The lease `name`, which ends by MongoDB's clock unless `holder` renews it. Its `term` grows each time
    it is taken, so that late writes of an earlier holder are recognised and refused.
    """

    def __init__(self, leases: AsyncCollection[Document], name: str, holder: str) -> None:
        self._leases, self.name, self.holder = leases, name, holder
        self.term = 0
        self._until = 0.0

    @property
    def held(self) -> bool:
        """Whether this instance certainly holds the lease now, by its own clock."""
        return time.monotonic() < self._until

    def check(self) -> None:
        """Raise LeaseLost unless this instance holds the lease now."""
        if not self.held:
            raise LeaseLost(self.name)

    async def take(self) -> None:
        """Wait until this instance holds the lease. Raises PyMongoError."""
        await self._make()
        while not await self._take():
            await asyncio.sleep(LOOK_SECONDS)

    async def keep(self) -> None:
        """Renew the lease until that fails. Raises LeaseLost."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._renew()

    async def release(self) -> None:
        """End the lease, if this instance holds it. Raises PyMongoError."""
        self._until = 0.0
        ended: list[Document] = [{"$set": {"expires": "$$NOW"}}]
        await self._leases.update_one(self._ours, ended)

    @property
    def _ours(self) -> Document:
        return {"_id": self.name, "holder": self.holder, "term": self.term}

    async def _take(self) -> bool:
        began = time.monotonic()
        taken: list[Document] = [
            {"$set": {"holder": self.holder, "term": {"$add": ["$term", 1]}, "expires": EXPIRES}}
        ]
        is_free = {"_id": self.name, "$expr": {"$lte": ["$expires", "$$NOW"]}}
        found = await self._leases.find_one_and_update(is_free, taken, return_document=ReturnDocument.AFTER)
        if found is None:
            return False
        self.term, self._until = found["term"], began + LASTS_SECONDS - SPARE_SECONDS
        return True

    async def _make(self) -> None:
        if await self._leases.find_one({"_id": self.name}, {"_id": 1}) is None:
            with contextlib.suppress(DuplicateKeyError):  # somebody else has made it at this moment
                await self._leases.insert_one(
                    {"_id": self.name, "holder": "", "term": 0, "expires": LONG_AGO}
                )

    async def _renew(self) -> None:
        while True:
            began = time.monotonic()
            try:
                async with asyncio.timeout(max(0.0, self._until - began)):
                    renewed = await self._leases.update_one(self._ours, [{"$set": {"expires": EXPIRES}}])
            except (PyMongoError, TimeoutError):
                self.check()
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if not renewed.matched_count:
                self._until = 0.0
                raise LeaseLost(self.name)
            self._until = began + LASTS_SECONDS - SPARE_SECONDS
            return
