"""Read a page of a collection, and count all matches, to just over TOTAL_LIMIT."""

from collections.abc import Sequence
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import OperationFailure

from kit.http.collections import TOTAL_LIMIT, Page
from kit.mongo.client import Document

NO_LIMIT = 0
"""The value of MongoDB's `maxTimeMS` for a query that may take any time."""

Order = Sequence[tuple[str, Any]]

TOO_LARGE = (10334, 4031700)
"""MongoDB's error codes for a document over 16 MB, and for one that `$facet` builds over 100 MB."""


def count(
    collection: Collection[Document],
    match: Document,
    excluded: Sequence[Any] = (),
    *,
    hint: str | None = None,
    max_time_ms: int = NO_LIMIT,
) -> int:
    """Count the matches, except those whose ids are `excluded`."""
    limit = TOTAL_LIMIT + 1 + len(excluded)
    by_hint: dict[str, Any] = {"hint": hint} if hint else {}
    found = collection.count_documents(match, limit=limit, maxTimeMS=max_time_ms, **by_hint)
    if excluded and found:
        # A second count by `_id` costs little, while one count with `$nin` reads each document.
        without: Document = {"$and": [match, {"_id": {"$in": list(excluded)}}]}
        found -= collection.count_documents(without, maxTimeMS=max_time_ms)
    return max(0, found)


def find_and_count(
    collection: Collection[Document],
    match: Document,
    fields: Document,
    order: Order,
    page: Page,
    *,
    max_time_ms: int = NO_LIMIT,
) -> tuple[list[Document], int]:
    """Read a page of matches, and count all, in one command.

    This is for matches that are expensive to find, such as those of a full-text search: MongoDB finds them
    once for both. For others, `find` and `count` cost less, as a count needs nothing but an index.
    """
    if not page.limit:
        return [], count(collection, match, max_time_ms=max_time_ms)
    shown = [
        {"$sort": dict(order)},
        {"$skip": page.offset},
        {"$limit": page.limit},
        {"$project": fields},
    ]
    number = [{"$limit": TOTAL_LIMIT + 1}, {"$count": "total"}]
    pipeline = [{"$match": match}, {"$facet": {"page": shown, "all": number}}]
    try:
        (found,) = collection.aggregate(pipeline, maxTimeMS=max_time_ms)
    except OperationFailure as error:
        # Another program may have stored documents that are so large that a page does not fit into one.
        if error.code not in TOO_LARGE:
            raise
        cursor = collection.find(match, fields, max_time_ms=max_time_ms).sort(order)
        documents = cursor.skip(page.offset).limit(page.limit).to_list()
        return documents, count(collection, match, max_time_ms=max_time_ms)
    return found["page"], sum(each["total"] for each in found["all"])
