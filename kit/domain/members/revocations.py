"""Tokens that were revoked before they expired."""

from datetime import datetime

from pymongo.collection import Collection

from kit.mongo.client import Document
from kit.mongo.document_schema import DocumentSchema, moment, text

REVOCATION_SCHEMA = DocumentSchema({"_id": text, "expires": moment})


class Revocations:
    """A collection of revoked tokens by their ids, each kept until the token would have expired anyway."""

    def __init__(self, collection: Collection[Document]) -> None:
        self.collection = collection

    def revoke(self, token_id: str, expires: datetime) -> None:
        """Revoke a token."""
        self.collection.replace_one({"_id": token_id}, {"expires": expires}, upsert=True)

    def includes(self, token_id: str) -> bool:
        """Return whether the token has been revoked."""
        return self.collection.find_one({"_id": token_id}, {"_id": 1}) is not None
