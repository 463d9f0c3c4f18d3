"""Writing many documents at once, and what a refusal of one of them means."""

from collections.abc import Sequence
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from kit.mongo.client import Document

THERE_ALREADY = 11000
"""MongoDB's code for a document whose id exists."""

PASSING = frozenset(
    {6, 7, 11, 13, 18, 24, 26, 43, 50, 64, 89, 91, 112, 117, 133, 175, 189, 202, 216, 246, 251, 262, 267}
    | {276, 314, 317, 358, 365, 384, 391, 9001, 10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031}
)
"""MongoDB's codes for what is no fault of the document: it changes its primary, is full, builds an index."""


class Unfit(ValueError):
    """MongoDB will not store a document, however often it is asked."""


def write(collection: Collection[Document], requests: Sequence[Any]) -> list[int]:
    """Do all requests in any order; the places in `requests` of those refused because the id exists.

    Raises Unfit where a document cannot be stored, and the driver's errors; then others may be done.
    """
    if not requests:
        return []
    try:
        collection.bulk_write(requests, ordered=False)
    except BulkWriteError as error:
        refused = error.details.get("writeErrors", [])
        others = [each for each in refused if not _is_there_already(each)]
        if error.details.get("writeConcernErrors") or any(each["code"] in PASSING for each in others):
            raise
        if others:
            raise Unfit(str(others[0].get("errmsg", "refused"))[:1000]) from error
        return [each["index"] for each in refused]
    return []


def _is_there_already(refusal: Document) -> bool:
    # Of other unique indexes nobody here could get past.
    return refusal["code"] == THERE_ALREADY and list(refusal.get("keyPattern", ())) == ["_id"]
