"""MongoStore: the seam's questions and commands, answered by one MongoDB database."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pymongo
from pymongo.errors import PyMongoError

from step0_monolith.mongo.connection import Client, translated
from step0_monolith.mongo.images import ImageCache
from step0_monolith.mongo.limits import Limit
from step0_monolith.mongo.members import Members
from step0_monolith.store import Reader


class MongoStore(Members):
    """All that lies in the database. Sharing and pictures reach further: see MonolithStore."""

    def __init__(
        self, client: Client, *, failed_sign_ins: int = 30, shares: int = 30, token_lifetime: int = 3600
    ) -> None:
        super().__init__(client.get_default_database())
        self.client = client
        self.images = ImageCache(self.database)
        self.failed_sign_ins = Limit(client, self.database.name, "failed sign-ins", failed_sign_ins)
        self.shares = Limit(client, self.database.name, "shares", shares)
        self.token_lifetime = timedelta(seconds=token_lifetime)

    @translated
    def take_share(self, reader: Reader) -> None:
        """Count one share. Raises TooMany."""
        self.shares.take(reader.username)

    @translated
    def record_share(self, post_id: str, to: str, note: str, reader: Reader) -> str:
        """Keep what was shared; the share's id."""
        share = {"_id": uuid4().hex, "reader": reader.username, "post": post_id, "to": to, "note": note}
        self.database["shares"].insert_one({**share, "at": datetime.now(UTC)})
        return share["_id"]

    def database_answers(self) -> bool:
        """Whether the database takes writes, asked with a second's patience."""
        try:
            with pymongo.timeout(1):
                return bool(self.client.admin.command("hello")["isWritablePrimary"])
        except PyMongoError:
            return False
