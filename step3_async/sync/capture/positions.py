"""How far each source has been published."""

import asyncio
import time

import structlog
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from step3_async.contracts.envelope import Document
from step3_async.sync.capture.lease import Lease, Taken

IDLE_SECONDS = 10.0
"""Where nothing happens the position moves on once in so long, lest MongoDB's log outrun it."""

OFTEN_SECONDS = 0.2
"""Where much happens it is written once in so long: what a crash has told twice is known by its ids."""

PAUSE_SECONDS = 1.0

log = structlog.stdlib.get_logger(__name__)


class Position:
    """The position of the source that `lease` is for: a token of its change stream. It is kept with the
    lease's term, and who held the lease earlier cannot move it back.
    """

    def __init__(self, positions: AsyncCollection[Document], lease: Lease) -> None:
        self._positions, self._lease = positions, lease
        self._reached: str | None = None
        self._is_due = asyncio.Event()
        self._writing = asyncio.Lock()
        self._kept_at = 0.0

    async def read(self) -> str | None:
        """The token; None where there is none yet. Raises PyMongoError."""
        found = await self._positions.find_one({"_id": self._lease.name})
        return found["token"] if found else None

    def reached(self, token: str, moved: bool) -> None:
        """Note that all before `token` is published; `moved` says that there was something. It is written by
        and by: to publish again after a crash does no harm.
        """
        self._reached = token
        if moved or time.monotonic() - self._kept_at > IDLE_SECONDS:
            self._is_due.set()

    async def write(self, token: str) -> None:
        """Keep `token`, whatever was reached before. Raises PyMongoError, and Taken when there is a later
        holder.
        """
        async with self._writing:
            self._reached = None
            await self._write(token)

    async def keep(self) -> None:
        """Write what is reached, as long as the lease is ours. Raises Taken."""
        while True:
            await self._is_due.wait()
            self._is_due.clear()
            async with self._writing:
                token, self._reached = self._reached, None
                try:
                    if token is not None:
                        await self._write(token)
                    pause = OFTEN_SECONDS
                except PyMongoError as error:
                    log.warning("position not kept yet", domain=self._lease.name, reason=str(error))
                    self._reached = self._reached or token
                    self._is_due.set()
                    pause = PAUSE_SECONDS
            await asyncio.sleep(pause)

    async def _write(self, token: str) -> None:
        term = self._lease.term
        try:
            await self._positions.update_one(
                {"_id": self._lease.name, "term": {"$lte": term}},
                {"$set": {"token": token, "term": term}, "$currentDate": {"at": True}},
                upsert=True,
            )
        except DuplicateKeyError:
            raise Taken(self._lease.name) from None
        self._kept_at = time.monotonic()
