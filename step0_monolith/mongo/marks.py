"""What a reader does to a post: tag, like, hide.

One document a reader and post, so that each verb is one atomic write.
"""

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from step0_monolith.mongo.connection import Document, translated
from step0_monolith.mongo.indexes import NEWEST
from step0_monolith.mongo.posts import FIELDS, Posts
from step0_monolith.store import (
    TAGS_PER_POST,
    TOTAL_LIMIT,
    Found,
    Page,
    Post,
    Reader,
    TagCount,
    Unprocessable,
)


class Marks(Posts):
    """The marks' part of the store."""

    @translated
    def tag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        """See Store."""
        room = {"$or": [{"tags": tag}, {f"tags.{TAGS_PER_POST - 1}": {"$exists": False}}]}
        try:
            return self._tags_after(post_id, reader, {"$addToSet": {"tags": tag}}, room)
        except DuplicateKeyError:
            # The mark exists and did not match, so the upsert tried to insert a second one: it is full.
            issue = f"this post has {TAGS_PER_POST} of your tags already; remove one first"
            raise Unprocessable({"tag": issue}) from None

    @translated
    def untag(self, post_id: str, tag: str, reader: Reader) -> list[str]:
        """See Store."""
        return self._tags_after(post_id, reader, {"$pull": {"tags": tag}})

    @translated
    def tags(self, page: Page, reader: Reader) -> Found[TagCount]:
        """See Store."""
        counted = self.marks.aggregate(
            [
                {"$match": {"reader": reader.username, "tags": {"$gt": ""}}},
                {"$project": {"_id": 0, "tags": 1}},
                {"$unwind": "$tags"},
                {"$group": {"_id": "$tags", "count": {"$sum": 1}}},
                {"$sort": {"count": -1, "_id": 1}},
                {"$project": {"_id": 0, "tag": "$_id", "count": 1}},
                {"$limit": TOTAL_LIMIT + 1},
            ]
        )
        tags = [TagCount(tag=each["tag"], count=each["count"]) for each in counted]
        there = tags[page.offset : page.offset + page.limit]
        return Found(there, min(len(tags), TOTAL_LIMIT), len(tags) > TOTAL_LIMIT)

    @translated
    def tagged(self, tag: str, page: Page, reader: Reader) -> Found[Post]:
        """See Store."""
        marks = self.marks.find({"reader": reader.username, "tags": tag}, {"_id": False, "post": True})
        match = {"_id": {"$in": [mark["post"] for mark in marks]}}
        cursor = self.posts.find(match, FIELDS).sort(NEWEST)
        return self._found(cursor, page, reader, lambda: self._count(match))

    @translated
    def like(self, post_id: str, liked: bool, reader: Reader) -> int:
        """See Store."""
        self._mark(post_id, reader, {"$set": {"liked": liked}})
        return self.marks.count_documents({"post": post_id, "liked": True})

    @translated
    def hide(self, post_id: str, hidden: bool, reader: Reader) -> None:
        """See Store."""
        self._mark(post_id, reader, {"$set": {"hidden": hidden}})

    def _tags_after(
        self, post_id: str, reader: Reader, change: Document, condition: Document | None = None
    ) -> list[str]:
        return sorted(self._mark(post_id, reader, change, condition).get("tags", []))

    def _mark(
        self, post_id: str, reader: Reader, change: Document, condition: Document | None = None
    ) -> Document:
        post = self.known(post_id)
        mark = self.marks.find_one_and_update(
            {"_id": f"{reader.username}:{post_id}", **(condition or {})},
            {**change, "$setOnInsert": {"reader": reader.username, "post": post_id, "topic": post["topic"]}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return mark or {}
