"""Checkpoints of interrupted loads, in the collection `load_progress` beside the posts."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo.collection import Collection

from workshop.load.posts.post import Document
from workshop.load.source import Identity
from workshop.load.tally import Tally

COLLECTION = "load_progress"


def clear_all(posts: Collection[Document], prefix: str) -> None:
    """Delete the checkpoints of all loads into `posts` whose source's key begins with `prefix`."""
    progress = posts.database.get_collection(COLLECTION, write_concern=posts.write_concern)
    progress.delete_many({"_id": {"$regex": "^" + re.escape(f"{posts.name} {prefix}")}})


@dataclass
class SavedProgress:
    """All records before `position` are written, or counted in `tally`."""

    position: int
    tally: Tally


class Checkpoint:
    """The checkpoint of one load. Each method raises what pymongo raises."""

    def __init__(self, posts: Collection[Document], identity: Identity) -> None:
        self._posts = posts
        self._progress = posts.database.get_collection(COLLECTION, write_concern=posts.write_concern)
        self._identity = identity
        self._key = f"{posts.name} {identity.key}"

    def read(self) -> SavedProgress | None:
        """Return where to resume. Return None when the source is new or has changed, when the posts are gone,
        or when another version of the loader wrote the checkpoint.
        """
        found = self._progress.find_one({"_id": self._key, "version": self._identity.version})
        if found is None or self._posts.find_one({}, {"_id": 1}) is None:
            return None
        try:
            return SavedProgress(int(found["position"]), Tally.from_document(found["tally"]))
        except (KeyError, TypeError, ValueError):
            return None

    def save(self, saved: SavedProgress) -> None:
        """Store the progress. Call it only for acknowledged writes."""
        document = {
            "version": self._identity.version,
            "position": saved.position,
            "tally": saved.tally.as_document(),
            "saved": datetime.now(UTC),
        }
        self._progress.replace_one({"_id": self._key}, document, upsert=True)

    def clear(self) -> None:
        """Delete the checkpoint, as the load is complete."""
        self._progress.delete_one({"_id": self._key})
