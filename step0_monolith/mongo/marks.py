"""What a reader does to a post: tag, like, hide."""

from collections.abc import Sequence

from kit.domain.marks.documents import TagCount
from kit.domain.posts.documents import Post
from kit.http.collections import Found, Page
from kit.mongo.client import translated
from step0_monolith.mongo.posts import PostsPart
from step0_monolith.store import Reader


class MarksPart(PostsPart):
    """The marks' part of the store."""

    @translated
    def tag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        """See Store."""
        return self.marks.tag(reader.username, post_id, self._topic(post_id), tag)

    @translated
    def untag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        """See Store."""
        return self.marks.untag(reader.username, post_id, self._topic(post_id), tag)

    @translated
    def tags(self, page: Page, reader: Reader) -> Found[TagCount]:
        """See Store."""
        return self.marks.tags(reader.username, page)

    @translated
    def tagged(self, tag: str, page: Page, reader: Reader) -> Found[Post]:
        """See Store."""
        return self._page(self.posts.among(self.marks.tagged(reader.username, tag), page), reader)

    @translated
    def liked(self, page: Page, reader: Reader) -> Found[Post]:
        """See Store."""
        return self._page(self.posts.in_order(self.marks.latest(reader.username, "liked"), page), reader)

    @translated
    def hidden(self, page: Page, reader: Reader) -> Found[Post]:
        """See Store."""
        return self._page(self.posts.in_order(self.marks.latest(reader.username, "hidden"), page), reader)

    @translated
    def likes(self, post_ids: Sequence[str], reader: Reader) -> dict[str, int]:
        """See Store."""
        return self.marks.likes(post_ids)

    @translated
    def like(self, post_id: str, liked: bool, reader: Reader) -> int:
        """See Store."""
        return self.marks.like(reader.username, post_id, self._topic(post_id), liked)

    @translated
    def hide(self, post_id: str, hidden: bool, reader: Reader) -> None:
        """See Store."""
        self.marks.hide(reader.username, post_id, self._topic(post_id), hidden)

    def _topic(self, post_id: str) -> str:
        topic: str = self.posts.known(post_id)["topic"]
        return topic
