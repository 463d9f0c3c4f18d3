"""What readers have shared."""

from datetime import UTC, datetime
from uuid import uuid4

from pymongo.collection import Collection

from kit.journal import Journal
from kit.mongo.client import Document


class Shares:
    """A collection of shares."""

    def __init__(self, collection: Collection[Document], journal: Journal | None = None) -> None:
        self.collection = collection
        self._journal = journal

    def record(self, reader: str, post_id: str, to: str, note: str) -> str:
        """Keep what was shared; the share's id."""
        share = {"_id": uuid4().hex, "reader": reader, "post": post_id, "to": to, "note": note}
        stamp = {"revision": 1, **self._journal.stamp()} if self._journal else {}
        self.collection.insert_one({**share, "at": datetime.now(UTC), **stamp})
        if self._journal:
            self._journal.note(share["_id"], 1)
        return share["_id"]

    def count(self, reader: str) -> int:
        """How often the reader has shared."""
        return self.collection.count_documents({"reader": reader})
