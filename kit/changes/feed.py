"""The changes of a collection as its owner tells them.

MongoDB keeps its log of writes in the order they were committed, and change streams read it
(https://www.mongodb.com/docs/manual/changeStreams/). A cursor is such a stream's resume token. So nothing
is skipped, however many writes share a time stamp or overlap, and deletions are told, too; a field with
the time of the last change could promise neither. Who has no cursor yet, or one so old that the log no
longer reaches back to it, first gets all documents in the order of their ids, then what changed
meanwhile.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bson.codec_options import CodecOptions
from pymongo.collection import Collection
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from kit.changes.batch import Batch
from kit.mongo import Document, translated
from kit.problems import Gone

MOST = 1000
MOST_CHARACTERS = 500_000
"""Of one batch, and a little more: a taker takes it in one transaction, which with an index of all words
must fit into a part of MongoDB's cache.
"""

UNUSABLE = frozenset({2, 9, 15, 40, 207, 222, 260, 280, 286})
"""MongoDB's codes for resume tokens that are malformed, or no longer in its log."""

CHECKS = 40_000
"""From here on its codes are those of single checks of what it was given."""

WRITES = ("insert", "update", "replace", "delete")
ENDS = ("drop", "rename", "invalidate")
CHANGES: Document = {"$match": {"operationType": {"$in": [*WRITES, *ENDS]}}}
NAIVE = CodecOptions[Document](tz_aware=False)


class Feed:
    """The changes of `collection`, each document with these `fields` besides its `_id`, which is text."""

    def __init__(self, collection: Collection[Document], fields: Sequence[str]) -> None:
        self._collection = collection.with_options(NAIVE, read_concern=ReadConcern("majority"))
        self._fields = dict.fromkeys(fields, 1)
        told = {"operationType": 1, "documentKey": 1, "wallTime": 1}
        told |= {f"fullDocument.{name}": 1 for name in ("_id", *fields)}
        self._pipeline: list[Document] = [CHANGES, {"$project": told}]

    @translated
    def after(self, cursor: str | None, most: int = MOST) -> Batch:
        """At most `most` changes that come after `cursor`. Raises Gone where there is no going on."""
        if cursor is None:
            return self._documents(self._now(), None, most)
        kind, _, rest = cursor.partition(":")
        if kind == "all":
            token, _, last = rest.partition(":")
            return self._documents(token, last, most)
        if kind != "changes":
            raise Gone("This is no cursor of changes. Start again without one.")
        try:
            return self._changes(rest, most)
        except OperationFailure as error:
            if error.code in UNUSABLE or (error.code or 0) >= CHECKS:
                raise Gone(
                    "The changes after this cursor are no longer known. Start again without one."
                ) from error
            raise

    def _now(self) -> str:
        """A resume token of this moment."""
        with self._collection.watch(self._pipeline, max_await_time_ms=1) as stream:
            stream.try_next()
            return _token(stream.resume_token)

    def _documents(self, token: str, last: str | None, most: int) -> Batch:
        until = datetime.now(UTC)
        after = {"_id": {"$gt": last}} if last is not None else {}
        put: list[Document] = []
        size = 0
        complete = True
        with self._collection.find(after, self._fields, sort=[("_id", 1)], limit=most + 1) as found:
            for document in found:
                if len(put) == most or size > MOST_CHARACTERS:
                    complete = False
                    break
                put.append(document)
                size += _size(document)
        upto = None if complete else put[-1]["_id"]
        cursor = f"changes:{token}" if complete else f"all:{token}:{upto}"
        # After the last documents there is what has changed since the first.
        return Batch.model_construct(
            put=put, remove=[], range=(last, upto), cursor=cursor, more=True, until=until
        )

    def _changes(self, token: str, most: int) -> Batch:
        latest: dict[str, Document | None] = {}
        told = size = 0
        until = datetime.now(UTC)
        more = True
        with self._collection.watch(
            self._pipeline,
            full_document="updateLookup",
            start_after={"_data": token},
            batch_size=most,
            max_await_time_ms=1,
        ) as stream:
            while told < most and size < MOST_CHARACTERS:
                now = datetime.now(UTC)
                change = stream.try_next()
                if change is None:
                    more, until = False, now
                    break
                if change["operationType"] in ENDS:
                    raise Gone("The collection was dropped or renamed. Start again without a cursor.")
                told += 1
                identifier = change["documentKey"]["_id"]
                document = change.get("fullDocument")
                is_removed = change["operationType"] == "delete"
                # A document that is gone by now has none; its removal is told further on.
                if document is not None or is_removed:
                    latest[identifier] = document if not is_removed else None
                    size += _size(document or {})
                until = change["wallTime"].replace(tzinfo=UTC)
            cursor = f"changes:{_token(stream.resume_token)}"
        return Batch.model_construct(
            put=[document for document in latest.values() if document is not None],
            remove=[identifier for identifier, document in latest.items() if document is None],
            range=None,
            cursor=cursor,
            more=more,
            until=until,
        )


def _token(found: Any) -> str:
    return str(found["_data"])


def _size(document: Document) -> int:
    return sum(len(value) for value in document.values() if isinstance(value, str))
