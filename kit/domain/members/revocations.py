"""Tokens that were ended before their time."""

from datetime import datetime

from pymongo.collection import Collection

from kit.journal import Journal
from kit.mongo.client import Document


class Revocations:
    """A collection of ended tokens by their ids, each kept until the token would have ended anyway."""

    def __init__(self, collection: Collection[Document], journal: Journal | None = None) -> None:
        self.collection = collection
        self._journal = journal

    def revoke(self, token_id: str, expires: datetime) -> None:
        """End a token."""
        stamp = {"revision": 1, **self._journal.stamp()} if self._journal else {}
        self.collection.replace_one({"_id": token_id}, {"expires": expires, **stamp}, upsert=True)
        if self._journal:
            self._journal.note(token_id, 1)

    def includes(self, token_id: str) -> bool:
        """Whether the token has been ended."""
        return self.collection.find_one({"_id": token_id}, {"_id": 1}) is not None
