"""Remembers how far an interrupted load got, in the collection `load_progress` beside the posts."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo.collection import Collection

from workshop.load.post import Document
from workshop.load.source import Identity
from workshop.load.tally import Tally

COLLECTION = "load_progress"


def forget(posts: Collection[Document], prefix: str) -> None:
    """Forget all places of loads into `posts` whose source's key begins with `prefix`."""
    progress = posts.database.get_collection(COLLECTION, write_concern=posts.write_concern)
    progress.delete_many({"_id": {"$regex": "^" + re.escape(f"{posts.name} {prefix}")}})


@dataclass
class Reached:
    """Every record before `position` is written or counted in `tally`."""

    position: int
    tally: Tally


class Checkpoint:
    """The place one load has reached. Each method raises what pymongo raises."""

    def __init__(self, posts: Collection[Document], identity: Identity) -> None:
        self._posts = posts
        self._progress = posts.database.get_collection(COLLECTION, write_concern=posts.write_concern)
        self._identity = identity
        self._key = f"{posts.name} {identity.key}"

    def reached(self) -> Reached | None:
        """Where to go on; None when the source is new or has changed, or when the posts are gone.

        Nor is there a place in what a loader of another version wrote.
        """
        found = self._progress.find_one({"_id": self._key, "version": self._identity.version})
        if found is None or self._posts.find_one({}, {"_id": 1}) is None:
            return None
        try:
            return Reached(int(found["position"]), Tally.from_document(found["tally"]))
        except (KeyError, TypeError, ValueError):
            return None

    def save(self, reached: Reached) -> None:
        """Keep this place; to be called for acknowledged writes only."""
        place = {
            "version": self._identity.version,
            "position": reached.position,
            "tally": reached.tally.as_document(),
            "saved": datetime.now(UTC),
        }
        self._progress.replace_one({"_id": self._key}, place, upsert=True)

    def clear(self) -> None:
        """Forget it: the load is complete."""
        self._progress.delete_one({"_id": self._key})
