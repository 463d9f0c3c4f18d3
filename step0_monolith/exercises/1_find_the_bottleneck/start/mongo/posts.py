"""Posts in the database: list, show, search, recommend; each as its reader sees it."""

from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import Post
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
        return self._marks.shown([self._posts.find(post_id)], _name(reader))[0]

    @translated
    def search(self, query: str, page: Page, reader: Reader | None) -> Found[Post]:
        """Search all posts but those that the reader hid."""
        return self.page(search(self._posts, query, page, self._hidden(reader)), reader)

    @translated
    def recommended(self, topic: str | None, reader: Reader | None) -> list[Post]:
        """Recommend posts, those of the reader's interests first."""
        name = _name(reader)
        return self._marks.shown(recommended(self._posts, self._marks, name, topic), name)

    @translated
    def topics(self) -> list[str]:
        """List all topics."""
        return self._posts.topics()

    def page(self, found: Found[Document], reader: Reader | None) -> Found[Post]:
        """Return a page of posts as the reader sees them."""
        name = _name(reader)
        items = [self._marks.shown([post], name)[0] for post in found.items]
        return Found(items, found.total, found.more, found.reason)

    def _hidden(self, reader: Reader | None) -> list[str]:
        return self._marks.hidden(reader.username) if reader else []


def _name(reader: Reader | None) -> str | None:
    return reader.username if reader else None
