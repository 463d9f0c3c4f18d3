"""Make events from the changes of a change stream."""

from datetime import UTC

import structlog
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.read_concern import ReadConcern

from kit.mongo.skipped import report_skipped
from step3_async.capture.event_rules import Change
from step3_async.capture.sources import Source
from step3_async.contracts.envelope import Document, Event, event_id_of, version_of
from step3_async.rapids.tracing import TRACEPARENT

log = structlog.stdlib.get_logger(__name__)


class EventFactory:
    """Makes events from the changes in `collection`, which is that of `source`."""

    def __init__(self, source: Source, collection: AsyncCollection[Document]) -> None:
        self._source = source
        self._collection = collection.with_options(read_concern=ReadConcern("majority"))

    async def of(self, changes: list[Document]) -> list[Event]:
        """Return the events of changes, in their order. Raises PyMongoError.

        If MongoDB has not kept an updated document as it was after the change, the event has the document as
        it is now. If it has been deleted meanwhile, the change is left out, as the deletion follows.
        """
        missing = [
            change["documentKey"]["_id"]
            for change in changes
            if change["operationType"] != "delete" and change.get("fullDocument") is None
        ]
        present = await self._present(missing) if missing else {}
        events = []
        for change in changes:
            if change["operationType"] != "delete" and change.get("fullDocument") is None:
                change["fullDocument"] = present.get(change["documentKey"]["_id"])
                if change["fullDocument"] is None:
                    continue
            if event := self._event(change):
                events.append(event)
        return events

    async def _present(self, identifiers: list[str]) -> dict[str, Document]:
        found = self._collection.find({"_id": {"$in": identifiers}}, self._source.fields)
        return {document["_id"]: document async for document in found}

    def _event(self, change: Document) -> Event | None:
        key = change["documentKey"]["_id"]
        if not isinstance(key, str):
            report_skipped(self._collection.name, key, "its _id is no text")
            return None
        before, _ = _untraced(change.get("fullDocumentBeforeChange"))
        after, traceparent = _untraced(change.get("fullDocument"))
        kind = change["operationType"]
        if before is not None and self._source.find_problem(before):
            before = None
        if after is not None and (problem := self._source.find_problem(after)):
            report_skipped(self._collection.name, key, problem)
            kind, after = "delete", None  # other services delete it, if they had it
        named = self._source.rule(Change(kind, key, before, after))
        if named is None:
            return None
        return Event(
            event_id=event_id_of(change["_id"]["_data"]),
            event_domain=self._source.domain,
            event_name=named.name,
            timestamp=change["wallTime"].astimezone(UTC),
            key=key,
            version=version_of(change["clusterTime"]),
            payload=named.payload,
            before=before,
            after=after,
            traceparent=traceparent,
        )


def _untraced(document: Document | None) -> tuple[Document | None, str | None]:
    """Return a document without its trace context, and the trace context."""
    if document is None:
        return None, None
    rest = {name: value for name, value in document.items() if name != TRACEPARENT}
    return rest, document.get(TRACEPARENT)
