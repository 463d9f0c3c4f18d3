"""A feed: the changes of a collection as its owner publishes them.

MongoDB keeps its log of writes in the order in which they were committed, and change streams read it
(https://www.mongodb.com/docs/manual/changeStreams/). A cursor is such a stream's resume token. So no change
is missed, even if writes overlap or have the same time, and deletions are included; a field with the time of
the last change would guarantee neither. A service that has no cursor yet, or one that is older than the log,
first gets all documents in the order of their ids, and then what has changed meanwhile.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from kit.http.problems import Gone
from kit.mongo.change_streams import ENDS, WRITES, is_resume_token_lost
from kit.mongo.client import NAIVE, Document, translated
from kit.mongo.document_schema import FindProblem
from kit.mongo.skipped import name_of, report_skipped
from step2_services.replication.batch import Batch, dumps

MOST = 1000
MOST_BYTES = 500_000
"""The most bytes of one batch, roughly. A batch is applied in one transaction. Its writes, also those to a
text index, must fit into a part of MongoDB's cache.
"""

TOO_LARGE = 10334
"""MongoDB's code for a change that is too large for a change stream."""

FOLLOWING = "changes:"
"""The beginning of cursors for changes. Cursors within the documents that come first begin with `all:`."""

CHANGES: Document = {"$match": {"operationType": {"$in": [*WRITES, *ENDS]}}}
OTHER_IDS = [
    *("minKey", "null", "double", "int", "long", "decimal", "object", "binData", "objectId", "bool", "date"),
    *("timestamp", "maxKey"),
]
NO_TEXT = "its _id is no text"
TEXTS: Document = {"$gte": ""}
"""All ids that are texts, as MongoDB compares within a type."""


class Feed:
    """The changes of `collection`, each document with these `fields` besides its `_id`, which is text.

    Documents in which `find_problem` finds a problem, and those that JSON cannot hold, are skipped.
    """

    def __init__(
        self, collection: Collection[Document], fields: Sequence[str], find_problem: FindProblem | None = None
    ) -> None:
        self._find_problem = find_problem
        self._collection = collection.with_options(NAIVE, read_concern=ReadConcern("majority"))
        self._fields = dict.fromkeys(fields, 1)
        projection = {"operationType": 1, "documentKey": 1, "wallTime": 1}
        projection |= {f"fullDocument.{name}": 1 for name in ("_id", *fields)}
        self._pipeline: list[Document] = [CHANGES, {"$project": projection}]

    @translated
    def after(self, cursor: str | None, most: int = MOST) -> Batch:
        """Read at most `most` changes that come after `cursor`. Raises Gone for a cursor from which it cannot
        continue.
        """
        if cursor is None:
            with self._collection.database.client.start_session(causal_consistency=True) as session:
                return self._documents(self._now(session), None, most, session)
        kind, _, rest = cursor.partition(":")
        if kind == "all":
            token, _, last = rest.partition(":")
            return self._documents(token, last, most)
        if f"{kind}:" != FOLLOWING:
            raise Gone("This is no cursor of changes. Start again without one.")
        try:
            return self._changes(rest, most)
        except OperationFailure as error:
            if is_resume_token_lost(error) or error.code == TOO_LARGE:
                raise Gone(
                    "The changes after this cursor are no longer known. Start again without one."
                ) from error
            raise

    def _now(self, session: ClientSession) -> str:
        """Return a resume token for this moment. No stream from here shows earlier writes, and what a
        majority has may be older: only who reads in the same session waits until it has them all.
        """
        with self._collection.watch(self._pipeline, max_await_time_ms=1, session=session) as stream:
            stream.try_next()
            return _token(stream.resume_token)

    def _documents(
        self, token: str, last: str | None, most: int, session: ClientSession | None = None
    ) -> Batch:
        until = datetime.now(UTC)
        after = {"_id": {"$gt": last} if last is not None else TEXTS}
        put: list[Document] = []
        left_out = {} if last is not None else dict(self._with_other_ids())
        read = size = 0
        upto = None
        complete = True
        order = [("_id", 1)]
        with self._collection.find(after, self._fields, sort=order, limit=most + 1, session=session) as found:
            for document in found:
                if read == most or size > MOST_BYTES:
                    complete = False
                    break
                read, upto = read + 1, document["_id"]
                if problem := self._problem(document):
                    left_out[upto] = problem
                else:
                    put.append(document)
                    size += _size(document)
        upto = None if complete else upto
        cursor = f"{FOLLOWING}{token}" if complete else f"all:{token}:{upto}"
        # After the last documents there is what has changed since the first.
        return Batch.model_construct(
            put=put,
            remove=[],
            range=(last, upto),
            cursor=cursor,
            more=True,
            until=until,
            left_out=self._reported(left_out),
        )

    def _changes(self, token: str, most: int) -> Batch:
        latest: dict[str, Document | None] = {}
        left_out: dict[str, str | None] = {}
        count = size = 0
        until = datetime.now(UTC)
        more = True
        with self._collection.watch(
            self._pipeline,
            full_document="updateLookup",
            start_after={"_data": token},
            batch_size=most,
            max_await_time_ms=1,
        ) as stream:
            while count < most and size < MOST_BYTES:
                now = datetime.now(UTC)
                change = stream.try_next()
                if change is None:
                    more, until = False, now
                    break
                if change["operationType"] in ENDS:
                    raise Gone("The collection was dropped or renamed. Start again without a cursor.")
                count += 1
                identifier = change["documentKey"]["_id"]
                document = change.get("fullDocument")
                is_removed = change["operationType"] == "delete"
                # A document that is gone by now has none; its removal comes further on.
                if document is not None or is_removed:
                    kept, problem = self._kept(identifier, document if not is_removed else None)
                    if isinstance(identifier, str):
                        latest[identifier] = kept
                    if problem or not isinstance(identifier, str):
                        left_out[name_of(identifier)] = problem
                    size += _size(kept or {})
                until = change["wallTime"].replace(tzinfo=UTC)
            cursor = f"{FOLLOWING}{_token(stream.resume_token)}"
        return Batch.model_construct(
            put=[document for document in latest.values() if document is not None],
            remove=[identifier for identifier, document in latest.items() if document is None],
            range=None,
            cursor=cursor,
            more=more,
            until=until,
            left_out=self._reported(left_out),
        )

    def _with_other_ids(self) -> Iterator[tuple[str, str | None]]:
        """Return names and problems of some of the documents whose ids are no texts."""
        others = self._collection.find({"_id": {"$type": OTHER_IDS}}, {"_id": 1}, limit=MOST)
        for document in others:
            yield name_of(document["_id"]), NO_TEXT

    def _kept(self, identifier: Any, document: Document | None) -> tuple[Document | None, str | None]:
        """Return the published fields of a document, or what is wrong with it."""
        if document is None:
            return None, None
        problem = self._problem(document) if isinstance(identifier, str) else NO_TEXT
        return (None if problem else document), problem

    def _problem(self, document: Document) -> str | None:
        if self._find_problem:
            return self._find_problem(document)
        try:
            dumps(document)
        except TypeError as error:
            return f"JSON cannot hold it: {error}"
        return None

    def _reported(self, left_out: dict[str, str | None]) -> dict[str, str | None]:
        """Report skipped documents in our own log, too, and return them unchanged."""
        for name, problem in left_out.items():
            if problem:
                report_skipped(self._collection.name, name, problem)
        return left_out


def _token(found: Any) -> str:
    return str(found["_data"])


def _size(document: Document) -> int:
    return sum(len(value) for value in document.values() if isinstance(value, str))
