"""A MongoDB change stream, batch by batch.

The driver returns changes one by one and does not say where a batch ends. Capture needs to know: it publishes
a batch together, and stores the resume token after it once.
"""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure, PyMongoError

from kit.mongo.change_streams import ENDS, WRITES, is_resume_token_lost
from step3_async.contracts.envelope import Document

MAX_CHANGES = 500
WAIT_MS = 1000
"""How long MongoDB waits for a change before it replies that there is none."""

Changes = AsyncCollection[Document]


class ResumeTokenLost(Exception):
    """The changes after a resume token cannot be read any more, for example because they are too old."""


@dataclass(frozen=True)
class Batch:
    """Changes in their order, and the resume token after them. `ends` says why the stream has ended, or is
    None.
    """

    changes: list[Document]
    token: str
    ends: str | None


class ChangeStream:
    """The changes of a collection, with these `fields` of its documents."""

    def __init__(self, collection: Changes, fields: Iterable[str]) -> None:
        self._collection = collection
        projection = dict.fromkeys(("operationType", "documentKey", "clusterTime", "wallTime"), 1)
        for document in ("fullDocument", "fullDocumentBeforeChange"):
            projection |= {f"{document}.{name}": 1 for name in fields}
        self._pipeline: list[Document] = [
            {"$match": {"operationType": {"$in": [*WRITES, *ENDS]}}},
            {"$project": projection},
        ]
        self._session: AsyncClientSession | None = None
        self._cursor: Any = 0

    async def open(self, token: str | None) -> str:
        """Begin after `token`, or now for None. Return the resume token of that point. Raises
        ResumeTokenLost.
        """
        images = {"fullDocument": "whenAvailable", "fullDocumentBeforeChange": "whenAvailable"}
        start = {"startAfter": {"_data": token}} if token is not None else {}
        # A causally consistent session would add to a getMore what it does not take.
        self._session = self._collection.database.client.start_session(causal_consistency=False)
        reply = await self._command(
            {
                "aggregate": self._collection.name,
                "pipeline": [{"$changeStream": {**images, **start}}, *self._pipeline],
                "cursor": {"batchSize": 0},
            }
        )
        return _token(reply)

    async def batch(self) -> Batch:
        """Return the next changes, or none if there are none for a while. Raises ResumeTokenLost."""
        reply = await self._command(
            {
                "getMore": self._cursor,
                "collection": self._collection.name,
                "batchSize": MAX_CHANGES,
                "maxTimeMS": WAIT_MS,
            }
        )
        changes = reply["nextBatch"]
        ends = next((each["operationType"] for each in changes if each["operationType"] in ENDS), None)
        if ends is None and not self._cursor:
            ends = "invalidate"
        writes = [each for each in changes if each["operationType"] in WRITES]
        return Batch(writes, _token(reply), ends)

    async def close(self) -> None:
        """Stop reading."""
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
                raise ResumeTokenLost(
                    f"MongoDB's log does not reach back to it (error {error.code})"
                ) from error
            raise
        cursor: Document = reply["cursor"]
        self._cursor = cursor["id"]
        return cursor


def _token(cursor: Document) -> str:
    return str(cursor["postBatchResumeToken"]["_data"])
