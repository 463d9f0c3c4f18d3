"""Remembering of which events an effect has been had, where having it twice would be noticed."""

from datetime import UTC, datetime, timedelta

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from kit.mongo.client import Document, translated

KEPT = timedelta(days=14)
"""Longer than the rapids keep events."""


def seen_index() -> IndexModel:
    """The index by which MongoDB forgets old events."""
    return IndexModel([("at", ASCENDING)], name="old", expireAfterSeconds=int(KEPT.total_seconds()))


class Seen:
    """Events, kept in `collection` by their ids. All methods raise DependencyUnavailable and
    DependencyTimeout.

    Use it as `if seen.first(event_id): …`, with `forget` where the effect fails. Who dies between the two
    leaves an effect that is not had; without Seen it would be had again. Nothing gives exactly one.
    """

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection

    @translated
    def first(self, event_id: str) -> bool:
        """Whether the event was not seen before; it is from now on, by all processes."""
        try:
            self._collection.insert_one({"_id": event_id, "at": datetime.now(UTC)})
        except DuplicateKeyError:
            return False
        return True

    @translated
    def forget(self, event_id: str) -> None:
        """The effect was not had after all."""
        self._collection.delete_one({"_id": event_id})
