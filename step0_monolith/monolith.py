"""The monolith's store: database, mail and fetching of pictures, all in the process that serves."""

from step0_monolith import settings
from step0_monolith.fetch import Fetcher, Unfetchable
from step0_monolith.mail import Mailer
from step0_monolith.mongo.connection import Client, connect
from step0_monolith.mongo.store import MongoStore
from step0_monolith.pictures import picture_of
from step0_monolith.store import Image, NotFound, Reader, StoreDown, StoreSlow


class MonolithStore(MongoStore):
    """Store in full. A reader waits while mail is sent and pictures are fetched: that is the lesson."""

    def __init__(self, client: Client, mailer: Mailer, fetcher: Fetcher, **limits: int) -> None:
        super().__init__(client, **limits)
        self.mailer = mailer
        self.fetcher = fetcher

    def share(self, post_id: str, to: str, note: str, reader: Reader) -> str:
        """See Store."""
        post = self.post(post_id, None)
        self.take_share(reader)
        self.mailer.send(post, to, note, reader.username)
        return self.record_share(post_id, to, note, reader)

    def image(self, post_id: str) -> Image:
        """See Store."""
        if cached := self.images.get(post_id):
            return cached
        self.images.raise_miss(post_id)
        address = picture_of(self.post(post_id, None))
        if address is None:
            raise NotFound("This post has no picture.")
        try:
            image = self.fetcher.fetch(address)
        except Unfetchable as error:
            self.images.put_miss(post_id, NotFound(str(error)))
            raise NotFound(str(error)) from error
        except (StoreDown, StoreSlow) as error:
            self.images.put_miss(post_id, error)
            raise
        self.images.put(post_id, image)
        return image

    def health(self) -> dict[str, bool]:
        """See Store."""
        return {"mongodb": self.database_answers(), "smtp": self.mailer.answers()}


def make_store() -> MonolithStore:
    """The store as the environment describes it."""
    return MonolithStore(
        connect(settings.get_mongodb_uri()),
        Mailer(*settings.get_smtp_address(), settings.get_sender()),
        Fetcher(settings.get_image_max_bytes(), settings.get_image_allowed_hosts()),
        failed_sign_ins=settings.get_failed_sign_ins_per_minute(),
        shares=settings.get_shares_per_minute(),
        token_lifetime=settings.get_token_lifetime(),
    )
