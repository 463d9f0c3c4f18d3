"""Making events of changes."""

from datetime import UTC, datetime

import structlog
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.read_concern import ReadConcern

from kit.mongo.skipped import report_skipped
from step3_async.rapids.event import Document, Event, event_id_of, version_of
from step3_async.rapids.tracing import TRACEPARENT
from step3_async.sync.capture.facts import Change
from step3_async.sync.capture.sources import Source

log = structlog.stdlib.get_logger(__name__)


class Events:
    """Makes events of the changes of `source`, which `collection` is."""

    def __init__(self, source: Source, collection: AsyncCollection[Document]) -> None:
        self._source = source
        self._collection = collection.with_options(read_concern=ReadConcern("majority"))

    async def of(self, changes: list[Document]) -> list[Event]:
        """The events of these changes, in their order. Raises PyMongoError.

        Where MongoDB kept no image of an updated document its present state stands in; what is gone by now
        is left out, as its removal follows.
        """
        missing = [
            change["documentKey"]["_id"]
            for change in changes
            if change["operationType"] != "delete" and change.get("fullDocument") is None
        ]
        present = await self._present(missing) if missing else {}
        events = []
        for told in changes:
            if told["operationType"] != "delete" and told.get("fullDocument") is None:
                told["fullDocument"] = present.get(told["documentKey"]["_id"])
                if told["fullDocument"] is None:
                    continue
            if event := self._event(told):
                events.append(event)
        return events

    async def _present(self, identifiers: list[str]) -> dict[str, Document]:
        found = self._collection.find({"_id": {"$in": identifiers}}, self._source.fields)
        return {document["_id"]: document async for document in found}

    def _event(self, told: Document) -> Event | None:
        key = told["documentKey"]["_id"]
        if not isinstance(key, str):
            report_skipped(self._collection.name, key, "its _id is no text")
            return None
        before, _ = _untraced(told.get("fullDocumentBeforeChange"))
        after, traceparent = _untraced(told.get("fullDocument"))
        kind = told["operationType"]
        if before is not None and self._source.unfit(before):
            before = None
        if after is not None and (problem := self._source.unfit(after)):
            report_skipped(self._collection.name, key, problem)
            kind, after = "delete", None  # for others it is gone, if it was there
        fact = self._source.fact(Change(kind, key, before, after))
        if fact is None:
            return None
        moment: datetime = told.get("wallTime") or told["clusterTime"].as_datetime()
        return Event(
            event_id=event_id_of(told["_id"]["_data"]),
            event_domain=self._source.domain,
            event_name=fact.name,
            timestamp=moment.astimezone(UTC),
            key=key,
            version=version_of(told["clusterTime"]),
            payload=fact.payload,
            before=before,
            after=after,
            traceparent=traceparent,
        )


def _untraced(document: Document | None) -> tuple[Document | None, str | None]:
    """A document without its trace context, and that."""
    if document is None:
        return None, None
    rest = {name: value for name, value in document.items() if name != TRACEPARENT}
    return rest, document.get(TRACEPARENT)
