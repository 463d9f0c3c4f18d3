"""Read the pages of a snapshot."""

from bson import Timestamp
from pymongo.asynchronous.collection import AsyncCollection

from kit.mongo.skipped import without_invalid
from step3_async.capture.store.assignment import Assignment
from step3_async.contracts.envelope import SNAPSHOT_PAGE, Document, Event, Page, event_id_of, now, version_of
from step3_async.rapids.tracing import TRACEPARENT

MAX_DOCUMENTS = 500
MAX_CHARACTERS = 200_000
"""The most characters of a page; a single document may be longer."""


async def read_page(assignment: Assignment, run: str, after: str | None, end: str | None) -> tuple[Page, str]:
    """Return a page with the documents after the id `after`, all as of one moment, and that moment's version.

    A page that may have been published before must end at the same id `end` as then, whatever was added or
    deleted since, as the next page continues from there. Raises PyMongoError.
    """
    collection = assignment.collection
    moment = await _now(collection)
    # Only ids that are texts: MongoDB compares within a type.
    within = {"$gte": ""} if after is None else {"$gt": after}
    reply = await collection.database.command(
        {
            "find": collection.name,
            "filter": {"_id": within | ({"$lte": end} if end is not None else {})},
            "projection": assignment.source.fields,
            "sort": {"_id": 1},
            "limit": MAX_DOCUMENTS,
            "batchSize": MAX_DOCUMENTS,
            "readConcern": {"level": "snapshot", "atClusterTime": moment},
        },
        codec_options=collection.codec_options,
    )
    found: list[Document] = reply["cursor"]["firstBatch"]
    documents = _at_most(found, MAX_CHARACTERS)
    is_all = len(found) < MAX_DOCUMENTS and len(documents) == len(found) and not reply["cursor"]["id"]
    upto = end if is_all else documents[-1]["_id"]
    fit = without_invalid(documents, collection.name, assignment.source.find_problem)
    page = Page(run=run, documents=fit, after=after, upto=upto, last=upto is None)
    return page, version_of(moment)


def page_event(domain: str, page: Page, version: str) -> Event:
    """Return the event of a page."""
    # With other documents than at an earlier attempt it is another event, or it would count as stored
    # already.
    named = f"{page.run} {domain} {page.after} {page.upto} {version}"
    return Event(
        event_id=event_id_of(named),
        event_domain=domain,
        event_name=SNAPSHOT_PAGE,
        timestamp=now(),
        key="",
        version=version,
        payload=page.model_dump(),
    )


async def _now(collection: AsyncCollection[Document]) -> Timestamp:
    reply = await collection.database.command("ping")
    moment: Timestamp = reply["operationTime"]
    return moment


def _at_most(found: list[Document], characters: int) -> list[Document]:
    """Return the first documents that have at most so many characters together, but at least one."""
    size = 0
    for count, document in enumerate(found):
        document.pop(TRACEPARENT, None)
        size += sum(len(value) for value in document.values() if isinstance(value, str))
        if size > characters and count:
            return found[:count]
    return found
