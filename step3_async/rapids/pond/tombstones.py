"""Tombstones: the versions at which documents were deleted.

Without them an older event that comes late would bring a document back.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.collection import Collection

from kit.mongo.client import Document
from kit.mongo.indexes import Indexes
from step3_async.rapids.pond.bulk_writes import write
from step3_async.rapids.pond.snapshot_states import PAGES

TOMBSTONES_KEPT = timedelta(days=7)
"""How long tombstones are kept: as long as the rapids keep events."""


def pond_indexes(*collections: str) -> Indexes:
    """Return the indexes by which MongoDB deletes old tombstones of ponds in these collections."""
    old = IndexModel([("at", ASCENDING)], name="old", expireAfterSeconds=int(TOMBSTONES_KEPT.total_seconds()))
    return {**{_name(each): [old] for each in collections}, PAGES: [old]}


class Tombstones:
    """The tombstones of documents of `collection`."""

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection.database[_name(collection.name)]

    def add(self, versions: Mapping[str, str]) -> None:
        """Note that documents were deleted at these versions, by key."""
        now = {"$currentDate": {"at": True}}
        waiting = [
            UpdateOne({"_id": key}, {"$max": {"version": version}, **now}, upsert=True)
            for key, version in versions.items()
        ]
        while waiting:  # of two processes that insert one at once, the later is refused, and tries again
            waiting = [waiting[place] for place in write(self._collection, waiting)]

    def find(self, keys: Iterable[str]) -> dict[str, str]:
        """Return the versions at which documents were deleted, by key, for those of `keys` that were."""
        found = self._collection.find({"_id": {"$in": list(keys)}}, {"version": 1})
        return {each["_id"]: each["version"] for each in found}


def _name(collection: str) -> str:
    return f"{collection}_removed"
