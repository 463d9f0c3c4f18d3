"""Questions about posts: list, show, search, recommend."""

from pymongo.database import Database

from kit.domain.mail.shares import Shares
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import POST_SCHEMA, Post, as_post
from kit.domain.recommend.ranking import recommended
from kit.domain.search.search import search
from kit.http.collections import Found, Page
from kit.mongo.client import Document, translated
from step0_monolith.store import Reader


class PostsPart:
    """The posts' part of the store; other readers' marks never show here."""

    def __init__(self, database: Database[Document]) -> None:
        self.database = database
        self.posts = Posts(database["posts"], find_problem=POST_SCHEMA.find_problem)
        self.marks = Marks(database["marks"])
        self.shares = Shares(database["shares"])

    @translated
    def list_posts(self, page: Page, reader: Reader | None) -> Found[Post]:
        """See Store."""
        return self._page(self.posts.newest(page, self._hidden(reader)), reader)

    @translated
    def post(self, post_id: str, reader: Reader | None) -> Post:
        """See Store."""
        return self._shown([self.posts.known(post_id)], reader)[0]

    @translated
    def search(self, query: str, page: Page, reader: Reader | None) -> Found[Post]:
        """See Store."""
        return self._page(search(self.posts, query, page, self._hidden(reader)), reader)

    @translated
    def recommended(self, topic: str | None, reader: Reader | None) -> list[Post]:
        """See Store."""
        name = reader.username if reader else None
        return self._shown(recommended(self.posts, self.marks, name, topic), reader)

    @translated
    def topics(self) -> list[str]:
        """See Store."""
        return self.posts.topics()

    def _hidden(self, reader: Reader | None) -> list[str]:
        return self.marks.hidden(reader.username) if reader else []

    def _page(self, found: Found[Document], reader: Reader | None) -> Found[Post]:
        return Found(self._shown(found.items, reader), found.total, found.more, found.reason)

    def _shown(self, found: list[Document], reader: Reader | None) -> list[Post]:
        posts = [as_post(each) for each in found]
        return self.marks.put_on(posts, reader.username) if reader else posts
