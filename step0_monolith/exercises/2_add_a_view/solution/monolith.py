"""The monolith's store: database, mail and fetching of pictures, all in the process that responds."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from kit.domain.mail.mailer import Mailer
from kit.domain.mail.shares import Shares
from kit.domain.marks.collection import Marks
from kit.domain.marks.documents import TagCount
from kit.domain.pictures.cache import ImageCache, Images
from kit.domain.pictures.documents import Image
from kit.domain.pictures.fetch import Fetcher
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import POST_SCHEMA, Post, iso
from kit.http.collections import Found, Page
from kit.mongo.client import Client, accepts_writes, connect, translated, translated_errors
from kit.mongo.rate_limits import RateLimit
from kit.settings import DatabaseSettings, LimitSettings, MailSettings, PictureSettings
from step0_monolith.mongo.marks import StoredMarks
from step0_monolith.mongo.members import StoredMembers
from step0_monolith.mongo.posts import StoredPosts
from step0_monolith.mongo.tokens import StoredTokens
from step0_monolith.store import Profile, Reader, Session


class MonolithStore:
    """The seam (see `store.Store`) over posts, marks, members and tokens in one database, mail and pictures.

    A reader waits while mail is sent and pictures are fetched: that is the lesson.
    """

    def __init__(
        self,
        client: Client,
        mailer: Mailer,
        fetcher: Fetcher,
        *,
        failed_sign_ins: int = 30,
        shares: int = 30,
        token_lifetime: int = 3600,
    ) -> None:
        self.client = client
        self.database = database = client.get_default_database()
        posts = Posts(database["posts"], find_problem=POST_SCHEMA.find_problem)
        marks = Marks(database["marks"])
        self._posts = StoredPosts(posts, marks)
        self._marks = StoredMarks(posts, marks, self._posts)
        self._members = StoredMembers(
            database["members"], RateLimit(client, database.name, "failed sign-ins", failed_sign_ins)
        )
        self._tokens = StoredTokens(database["tokens"], timedelta(seconds=token_lifetime))
        self._shares = Shares(database["shares"])
        self._share_limit = RateLimit(client, database.name, "shares", shares)
        self._images = Images(ImageCache(database), fetcher)
        self._mailer = mailer

    def list_posts(self, page: Page, reader: Reader | None) -> Found[Post]:
        return self._posts.newest(page, reader)

    def by_author(self, author: str, page: Page, reader: Reader | None) -> Found[Post]:
        return self._posts.by_author(author, page, reader)

    def post(self, post_id: str, reader: Reader | None) -> Post:
        return self._posts.find(post_id, reader)

    def search(self, query: str, page: Page, reader: Reader | None) -> Found[Post]:
        return self._posts.search(query, page, reader)

    def recommended(self, topic: str | None, reader: Reader | None) -> list[Post]:
        return self._posts.recommended(topic, reader)

    def topics(self) -> list[str]:
        return self._posts.topics()

    def sign_up(self, username: str, password: str, email: str | None) -> None:
        self._members.add(username, password, email)

    def sign_in(self, username: str, password: str, address: str) -> Session:
        self._members.check_password(username, password, address)
        return self._tokens.issue(username)

    def sign_out(self, reader: Reader) -> None:
        self._tokens.end(reader.token)

    def authenticate(self, token: str) -> Reader | None:
        return self._tokens.reader_of(token)

    @translated
    def profile(self, reader: Reader) -> Profile:
        member = self._members.find(reader.username)
        return Profile(
            username=reader.username,
            email=member.get("email"),
            created=iso(member["created"]),
            counts={**self._marks.counts(reader), "shares": self._shares.count(reader.username)},
        )

    def tag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        return self._marks.tag(post_id, tag, reader)

    def untag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        return self._marks.untag(post_id, tag, reader)

    def tags(self, page: Page, reader: Reader) -> Found[TagCount]:
        return self._marks.tags(page, reader)

    def tagged(self, tag: str, page: Page, reader: Reader) -> Found[Post]:
        return self._marks.tagged(tag, page, reader)

    def liked(self, page: Page, reader: Reader) -> Found[Post]:
        return self._marks.latest("liked", page, reader)

    def hidden(self, page: Page, reader: Reader) -> Found[Post]:
        return self._marks.latest("hidden", page, reader)

    def likes(self, post_ids: Sequence[str], reader: Reader) -> Mapping[str, int]:
        return self._marks.likes(post_ids)

    def like(self, post_id: str, liked: bool, reader: Reader) -> int:
        return self._marks.like(post_id, liked, reader)

    def hide(self, post_id: str, hidden: bool, reader: Reader) -> None:
        self._marks.hide(post_id, hidden, reader)

    def share(self, post_id: str, to: str, note: str, reader: Reader) -> str:
        post = self.post(post_id, None)
        with translated_errors():
            self._share_limit.take(reader.username)
        self._mailer.send(post, to, note, reader.username)
        with translated_errors():
            return self._shares.record(reader.username, post_id, to, note)

    def image(self, post_id: str) -> Image:
        return self._images.of(post_id, lambda: self.post(post_id, None))

    def health(self) -> dict[str, bool]:
        return {"mongodb": accepts_writes(self.client), "smtp": self._mailer.is_available()}


def make_store() -> MonolithStore:
    """Make the store from the settings in the environment."""
    mail, pictures, limits = MailSettings.read(), PictureSettings.read(), LimitSettings.read()
    return MonolithStore(
        connect(DatabaseSettings.read().uri),
        Mailer(mail.host, mail.port, mail.sender),
        Fetcher(pictures.max_bytes, pictures.allowed_hosts),
        failed_sign_ins=limits.failed_sign_ins_per_minute,
        shares=limits.shares_per_minute,
        token_lifetime=limits.token_lifetime,
    )
