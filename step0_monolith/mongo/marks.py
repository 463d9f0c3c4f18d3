"""Marks in the database: tag, like and hide posts, and list the marked posts."""

from collections.abc import Sequence

from kit.domain.marks.collection import Marks, Switch
from kit.domain.marks.documents import TagCount
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import Post
from kit.http.collections import Found, Page
from kit.mongo.client import translated
from step0_monolith.mongo.posts import StoredPosts
from step0_monolith.store import Reader


class StoredMarks:
    """The marks in a collection. `shown` returns pages of posts as a reader sees them."""

    def __init__(self, posts: Posts, marks: Marks, shown: StoredPosts) -> None:
        self._posts, self._marks, self._shown = posts, marks, shown

    @translated
    def tag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        """Put a tag on a post, and return all the reader's tags on it."""
        return self._marks.tag(reader.username, post_id, self._topic(post_id), tag)

    @translated
    def untag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        """Take a tag off a post, and return the tags left."""
        return self._marks.untag(reader.username, post_id, self._topic(post_id), tag)

    @translated
    def like(self, post_id: str, liked: bool, reader: Reader) -> int:
        """Like a post or stop liking it, and return how many readers like it now."""
        return self._marks.like(reader.username, post_id, self._topic(post_id), liked)

    @translated
    def hide(self, post_id: str, hidden: bool, reader: Reader) -> None:
        """Hide a post from the reader, or show it again."""
        self._marks.hide(reader.username, post_id, self._topic(post_id), hidden)

    @translated
    def tags(self, page: Page, reader: Reader) -> Found[TagCount]:
        """Count the reader's tags."""
        return self._marks.tags(reader.username, page)

    @translated
    def tagged(self, tag: str, page: Page, reader: Reader) -> Found[Post]:
        """List the posts with this tag of the reader's, newest first."""
        return self._shown.page(self._posts.among(self._marks.tagged(reader.username, tag), page), reader)

    @translated
    def latest(self, kind: Switch, page: Page, reader: Reader) -> Found[Post]:
        """List the posts that the reader liked, or hid, the latest first."""
        return self._shown.page(self._posts.in_order(self._marks.latest(reader.username, kind), page), reader)

    @translated
    def likes(self, post_ids: Sequence[str]) -> dict[str, int]:
        """Count how many readers like each of these posts."""
        return self._marks.likes(post_ids)

    @translated
    def counts(self, reader: Reader) -> dict[str, int]:
        """Count what the reader tagged, liked and hid."""
        return self._marks.counts(reader.username)

    def _topic(self, post_id: str) -> str:
        topic: str = self._posts.find(post_id)["topic"]
        return topic
