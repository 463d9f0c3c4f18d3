"""Write many documents at once, and find the cause when one of them is refused."""

from collections.abc import Sequence
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from kit.mongo.client import Document

DUPLICATE_KEY = 11000
"""MongoDB's code for a document whose id exists."""

TRANSIENT = frozenset(
    {6, 7, 11, 13, 18, 24, 26, 43, 50, 64, 89, 91, 112, 117, 133, 175, 189, 202, 216, 246, 251, 262, 267}
    | {276, 314, 317, 358, 365, 384, 391, 9001, 10107, 11600, 11601, 11602, 13388, 13435, 13436, 14031}
)
"""MongoDB's codes for errors that are not the document's fault: a new primary, a full disk, an index that is
being built.
"""


class Rejected(ValueError):
    """MongoDB will never store a document."""


def write(collection: Collection[Document], requests: Sequence[Any]) -> list[int]:
    """Do all write requests, in any order. Return the positions of those refused because the id exists.

    Raises Rejected for a document that cannot be stored, and the errors of the driver. Other requests may
    have been done before the error.
    """
    if not requests:
        return []
    try:
        collection.bulk_write(requests, ordered=False)
    except BulkWriteError as error:
        refused = error.details.get("writeErrors", [])
        others = [each for each in refused if not _exists(each)]
        if error.details.get("writeConcernErrors") or any(each["code"] in TRANSIENT for each in others):
            raise
        if others:
            raise Rejected(str(others[0].get("errmsg", "refused"))[:1000]) from error
        return [each["index"] for each in refused]
    return []


def _exists(refusal: Document) -> bool:
    # A conflict in another unique index would be refused again for ever.
    return refusal["code"] == DUPLICATE_KEY and list(refusal.get("keyPattern", ())) == ["_id"]
