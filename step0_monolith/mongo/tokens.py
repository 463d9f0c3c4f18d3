"""Bearer tokens in the database. They are random, and only their hashes are stored."""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from pymongo.collection import Collection

from kit.domain.posts.documents import iso
from kit.mongo.client import Document, translated
from step0_monolith.store import Reader, Session


class StoredTokens:
    """The tokens, each of which is valid for `lifetime`."""

    def __init__(self, tokens: Collection[Document], lifetime: timedelta) -> None:
        self._tokens, self._lifetime = tokens, lifetime

    @translated
    def issue(self, username: str) -> Session:
        """Make a token for a member."""
        token = secrets.token_urlsafe(32)
        expires = datetime.now(UTC) + self._lifetime
        self._tokens.insert_one({"_id": _digest(token), "reader": username, "expires": expires})
        return Session(token, iso(expires))

    @translated
    def end(self, token: str) -> None:
        """Revoke a token."""
        self._tokens.delete_one({"_id": _digest(token)})

    @translated
    def reader_of(self, token: str) -> Reader | None:
        """Return whose a token is; None if it is unknown or has expired."""
        # MongoDB removes ended tokens once a minute only.
        living = {"_id": _digest(token), "expires": {"$gt": datetime.now(UTC)}}
        found = self._tokens.find_one(living)
        return Reader(found["reader"], token) if found else None


def _digest(token: str) -> str:
    return sha256(token.encode(errors="surrogatepass")).hexdigest()
