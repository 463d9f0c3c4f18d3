"""Posts in the database: list, show, search, recommend; each as its reader sees it."""

from collections.abc import Iterable

from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import Post, as_post
from kit.domain.recommend.ranking import recommended
from kit.domain.search.search import search
from kit.http.collections import Found, Page
from kit.mongo.client import Document, translated
from step0_monolith.store import Reader


class StoredPosts:
    """The posts. Other readers' marks never show here."""

    def __init__(self, posts: Posts, marks: Marks) -> None:
        self._posts, self._marks = posts, marks

    @translated
    def newest(self, page: Page, reader: Reader | None) -> Found[Post]:
        """List all posts but those that the reader hid."""
        return self.page(self._posts.newest(page, self._hidden(reader)), reader)

    @translated
    def find(self, post_id: str, reader: Reader | None) -> Post:
        """Find a post. Raises NotFound."""
        return self._shown([self._posts.find(post_id)], reader)[0]

    @translated
    def search(self, query: str, page: Page, reader: Reader | None) -> Found[Post]:
        """Search all posts but those that the reader hid."""
        return self.page(search(self._posts, query, page, self._hidden(reader)), reader)

    @translated
    def recommended(self, topic: str | None, reader: Reader | None) -> list[Post]:
        """Recommend posts, those of the reader's interests first."""
        name = reader.username if reader else None
        return self._shown(recommended(self._posts, self._marks, name, topic), reader)

    @translated
    def topics(self) -> list[str]:
        """List all topics."""
        return self._posts.topics()

    def page(self, found: Found[Document], reader: Reader | None) -> Found[Post]:
        """Return a page of posts as the reader sees them."""
        return Found(self._shown(found.items, reader), found.total, found.more, found.reason)

    def _hidden(self, reader: Reader | None) -> list[str]:
        return self._marks.hidden(reader.username) if reader else []

    def _shown(self, found: Iterable[Document], reader: Reader | None) -> list[Post]:
        return self._marks.shown(found, reader.username) if reader else [as_post(each) for each in found]
