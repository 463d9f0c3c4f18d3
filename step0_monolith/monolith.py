"""The monolith's store: database, mail and fetching of pictures, all in the process that serves."""

from kit import environment
from kit.domain.mail.mailer import Mailer
from kit.domain.pictures.cache import Images
from kit.domain.pictures.documents import Image
from kit.domain.pictures.fetch import Fetcher
from kit.mongo.client import Client, connect
from step0_monolith.mongo.store import MongoStore
from step0_monolith.store import Reader


class MonolithStore(MongoStore):
    """Store in full. A reader waits while mail is sent and pictures are fetched: that is the lesson."""

    def __init__(self, client: Client, mailer: Mailer, fetcher: Fetcher, **limits: int) -> None:
        super().__init__(client, **limits)
        self.mailer = mailer
        self.images = Images(self.cache, fetcher)

    def share(self, post_id: str, to: str, note: str, reader: Reader) -> str:
        """See Store."""
        post = self.post(post_id, None)
        self.take_share(reader)
        self.mailer.send(post, to, note, reader.username)
        return self.record_share(post_id, to, note, reader)

    def image(self, post_id: str) -> Image:
        """See Store."""
        return self.images.of(post_id, lambda: self.post(post_id, None))

    def health(self) -> dict[str, bool]:
        """See Store."""
        return {"mongodb": self.database_answers(), "smtp": self.mailer.answers()}


def make_store() -> MonolithStore:
    """The store as the environment describes it."""
    return MonolithStore(
        connect(environment.get_mongodb_uri()),
        Mailer(*environment.get_smtp_address(), environment.get_sender()),
        Fetcher(environment.get_image_max_bytes(), environment.get_image_allowed_hosts()),
        failed_sign_ins=environment.get_failed_sign_ins_per_minute(),
        shares=environment.get_shares_per_minute(),
        token_lifetime=environment.get_token_lifetime(),
    )
