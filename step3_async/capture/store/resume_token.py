"""The stored resume token of a source: all changes before it are published."""

import asyncio
import time

import structlog
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError, PyMongoError

from step3_async.capture.store.lease import Lease, LeaseLost
from step3_async.contracts.envelope import Document

IDLE_SECONDS = 10.0
"""Seconds after which the token is stored without changes, so that it never becomes older than MongoDB's log.
"""

OFTEN_SECONDS = 0.2
"""The least seconds between two writes of the token. Changes since then are published again after a crash, as
events with the same ids.
"""

PAUSE_SECONDS = 1.0

log = structlog.stdlib.get_logger(__name__)


class ResumeToken:
    """The resume token of the source that `lease` is for.

    It is stored with the lease's term, so that an earlier holder of the lease cannot set it back.
    """

    def __init__(self, tokens: AsyncCollection[Document], lease: Lease) -> None:
        self._tokens, self._lease = tokens, lease
        self._reached: str | None = None
        self._is_due = asyncio.Event()
        self._writing = asyncio.Lock()
        self._stored_at = 0.0

    async def read(self) -> str | None:
        """Return the stored token; None if there is none yet. Raises PyMongoError."""
        found = await self._tokens.find_one({"_id": self._lease.name})
        return found["token"] if found else None

    def advance(self, token: str, moved: bool) -> None:
        """Note that all changes before `token` are published. `moved` says whether there were any.

        The token is stored a little later: it does no harm to publish some changes again after a crash.
        """
        self._reached = token
        if moved or time.monotonic() - self._stored_at > IDLE_SECONDS:
            self._is_due.set()

    async def write(self, token: str) -> None:
        """Store `token` at once, instead of one that was noted before.

        Raises PyMongoError, and LeaseLost if the lease has a later holder.
        """
        async with self._writing:
            self._reached = None
            await self._write(token)

    async def keep(self) -> None:
        """Store noted tokens until the lease is lost. Raises LeaseLost."""
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
                    log.warning("resume token not stored yet", domain=self._lease.name, reason=str(error))
                    self._reached = self._reached or token
                    self._is_due.set()
                    pause = PAUSE_SECONDS
            await asyncio.sleep(pause)

    async def _write(self, token: str) -> None:
        term = self._lease.term
        try:
            await self._tokens.update_one(
                {"_id": self._lease.name, "term": {"$lte": term}},
                {"$set": {"token": token, "term": term}, "$currentDate": {"at": True}},
                upsert=True,
            )
        except DuplicateKeyError:
            raise LeaseLost(self._lease.name) from None
        self._stored_at = time.monotonic()
