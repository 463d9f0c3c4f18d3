"""MongoStore: the seam's questions and commands, answered by one MongoDB database."""

from datetime import timedelta

from kit.domain.pictures.cache import ImageCache
from kit.mongo.client import Client, accepts_writes, translated
from kit.mongo.rate_limits import RateLimit
from step0_monolith.mongo.members import MembersPart
from step0_monolith.store import Reader


class MongoStore(MembersPart):
    """All that lies in the database. Sharing and pictures reach further: see MonolithStore."""

    def __init__(
        self, client: Client, *, failed_sign_ins: int = 30, shares: int = 30, token_lifetime: int = 3600
    ) -> None:
        super().__init__(client.get_default_database())
        self.client = client
        self.cache = ImageCache(self.database)
        self.failed_sign_ins = RateLimit(client, self.database.name, "failed sign-ins", failed_sign_ins)
        self.share_limit = RateLimit(client, self.database.name, "shares", shares)
        self.token_lifetime = timedelta(seconds=token_lifetime)

    @translated
    def take_share(self, reader: Reader) -> None:
        """Count one share. Raises TooMany."""
        self.share_limit.take(reader.username)

    @translated
    def record_share(self, post_id: str, to: str, note: str, reader: Reader) -> str:
        """Keep what was shared; the share's id."""
        return self.shares.record(reader.username, post_id, to, note)

    def database_answers(self) -> bool:
        """Whether the database takes writes."""
        return accepts_writes(self.client)
