"""What is remembered of removed documents: from which version on they were gone.

Without it an older event that comes late would bring a document back.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from pymongo import ASCENDING, IndexModel, UpdateOne
from pymongo.collection import Collection

from kit.mongo.client import Document
from kit.mongo.indexes import Indexes
from step3_async.rapids.pond.coverage import PAGES
from step3_async.rapids.pond.writes import write

KEPT = timedelta(days=7)
"""As long as the rapids keep events."""


def pond_indexes(*collections: str) -> Indexes:
    """The indexes by which MongoDB forgets what ponds in these collections remember beside them."""
    old = IndexModel([("at", ASCENDING)], name="old", expireAfterSeconds=int(KEPT.total_seconds()))
    return {**{_name(each): [old] for each in collections}, PAGES: [old]}


class Removed:
    """Of the documents of `collection`, those that are gone."""

    def __init__(self, collection: Collection[Document]) -> None:
        self._collection = collection.database[_name(collection.name)]

    def remember(self, versions: Mapping[str, str]) -> None:
        """These documents are gone from these versions on."""
        now = {"$currentDate": {"at": True}}
        waiting = [
            UpdateOne({"_id": key}, {"$max": {"version": version}, **now}, upsert=True)
            for key, version in versions.items()
        ]
        while waiting:  # two at once that both find nothing there; the later is to find the earlier's
            waiting = [waiting[place] for place in write(self._collection, waiting)]

    def among(self, keys: Iterable[str]) -> dict[str, str]:
        """Those of these documents that are known to be gone, and from which versions on."""
        found = self._collection.find({"_id": {"$in": list(keys)}}, {"version": 1})
        return {each["_id"]: each["version"] for each in found}


def _name(collection: str) -> str:
    return f"{collection}_removed"
