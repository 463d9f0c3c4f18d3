"""A MongoDB change stream, batch by batch.

The driver hands out changes one by one and keeps to itself where a batch ends. Here that counts: a batch is
published as one, and the position after it is remembered once.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure, PyMongoError

from kit.mongo.change_streams import ENDS, WRITES, is_resume_token_lost
from step3_async.rapids.event import Document

MOST = 500
PATIENCE_MS = 1000
"""So long MongoDB waits for a change before it says that there is none."""

Changes = AsyncCollection[Document]


class Lost(Exception):
    """What comes after a position cannot be known any more."""


@dataclass(frozen=True)
class Batch:
    """Changes in order, and the token of the position after them; with `ends` the stream goes no further."""

    changes: list[Document]
    token: str
    ends: str | None


class Stream:
    """Changes of a collection after a position, or from now on; of documents these `fields` only."""

    def __init__(self, collection: Changes, fields: Iterable[str]) -> None:
        self._collection = collection
        told = dict.fromkeys(("operationType", "documentKey", "clusterTime", "wallTime"), 1)
        for document in ("fullDocument", "fullDocumentBeforeChange"):
            told |= {f"{document}.{name}": 1 for name in fields}
        self._pipeline: list[Document] = [
            {"$match": {"operationType": {"$in": [*WRITES, *ENDS]}}},
            {"$project": told},
        ]
        self._session: AsyncClientSession | None = None
        self._cursor: Any = 0

    async def open(self, token: str | None) -> str:
        """Begin after the position `token`, None for now; the token of where that is. Raises Lost."""
        images = {"fullDocument": "whenAvailable", "fullDocumentBeforeChange": "whenAvailable"}
        start = {"startAfter": {"_data": token}} if token is not None else {}
        # A causally consistent session would add to a getMore what it does not take.
        self._session = self._collection.database.client.start_session(causal_consistency=False)
        told = await self._command(
            {
                "aggregate": self._collection.name,
                "pipeline": [{"$changeStream": {**images, **start}}, *self._pipeline],
                "cursor": {"batchSize": 0},
            }
        )
        return _token(told)

    async def batch(self) -> Batch:
        """The next changes, none if there are none for a while. Raises Lost."""
        told = await self._command(
            {
                "getMore": self._cursor,
                "collection": self._collection.name,
                "batchSize": MOST,
                "maxTimeMS": PATIENCE_MS,
            }
        )
        changes = told["nextBatch"]
        ends = next((each["operationType"] for each in changes if each["operationType"] in ENDS), None)
        if ends is None and not self._cursor:
            ends = "invalidate"
        writes = [each for each in changes if each["operationType"] in WRITES]
        return Batch(writes, _token(told), ends)

    async def close(self) -> None:
        """Read no more."""
        if self._session is None:
            return
        with contextlib.suppress(PyMongoError):
            if self._cursor:
                kill = {"killCursors": self._collection.name, "cursors": [self._cursor]}
                await self._collection.database.command(kill, session=self._session)
            await self._session.end_session()

    async def _command(self, command: Document) -> Document:
        try:
            reply = await self._collection.database.command(
                command, session=self._session, codec_options=self._collection.codec_options
            )
        except OperationFailure as error:
            if is_resume_token_lost(error):
                raise Lost(f"MongoDB's log does not reach back to it (error {error.code})") from error
            raise
        cursor: Document = reply["cursor"]
        self._cursor = cursor["id"]
        return cursor


def _token(cursor: Document) -> str:
    return str(cursor["postBatchResumeToken"]["_data"])
