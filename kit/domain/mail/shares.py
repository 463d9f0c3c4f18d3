"""The collection of shares: which reader mailed which post."""

from datetime import UTC, datetime
from uuid import uuid4

from pymongo.collection import Collection

from kit.mongo.client import Document
from kit.mongo.document_schema import DocumentSchema, moment, text

SHARE_SCHEMA = DocumentSchema({"_id": text, "reader": text, "post": text, "at": moment})


class Shares:
    """A collection of shares."""

    def __init__(self, collection: Collection[Document]) -> None:
        self.collection = collection

    def record(self, reader: str, post_id: str, to: str, note: str) -> str:
        """Store a share, and return its id."""
        identifier = uuid4().hex
        self.collection.insert_one(
            {
                "_id": identifier,
                "reader": reader,
                "post": post_id,
                "to": to,
                "note": note,
                "at": datetime.now(UTC),
            }
        )
        return identifier

    def count(self, reader: str) -> int:
        """Return the number of the reader's shares."""
        return self.collection.count_documents({"reader": reader})
