"""Processed events, for handlers whose effect must not happen twice."""

from datetime import UTC, datetime, timedelta

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from kit.mongo.client import Document, translated

KEPT = timedelta(days=14)
"""Longer than the rapids keep events."""


def processed_index() -> IndexModel:
    """Return the index by which MongoDB deletes old entries."""
    return IndexModel([("at", ASCENDING)], name="old", expireAfterSeconds=int(KEPT.total_seconds()))


class ProcessedEvents:
    """The ids of processed events, in `collection`. All methods raise DependencyUnavailable and
    DependencyTimeout.

    Use it as `if processed.add(event_id): …`, with `remove` where the effect fails. A process that dies
    between the two leaves an effect that never happens; without ProcessedEvents it would happen twice.
    Nothing gives exactly once.
    """

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection

    @translated
    def add(self, event_id: str) -> bool:
        """Add an event. Return whether no process had added it before."""
        try:
            self._collection.insert_one({"_id": event_id, "at": datetime.now(UTC)})
        except DuplicateKeyError:
            return False
        return True

    @translated
    def remove(self, event_id: str) -> None:
        """Remove an event whose effect did not happen."""
        self._collection.delete_one({"_id": event_id})
