"""What readers do to posts: tag, like, hide.

One document a reader and post, so that each verb is one atomic write.
"""

from hashlib import blake2b

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from kit.model.post import Post, TagCount
from kit.mongo import Document
from kit.paging import TOTAL_LIMIT, Found, Page
from kit.problems import Unprocessable

TAGS_PER_POST = 50
"""Tags one reader may put on one post."""

ANY_TAG = {"$gt": ""}


class Marks:
    """A collection of marks. Its verbs take the post's topic, by which readers are recommended others."""

    def __init__(self, collection: Collection[Document]) -> None:
        self.collection = collection

    def tag(self, reader: str, post_id: str, topic: str, tag: str) -> list[str]:
        """Put a tag on a post; all the reader's tags on it. Raises Unprocessable when it is full."""
        room = {"$or": [{"tags": tag}, {f"tags.{TAGS_PER_POST - 1}": {"$exists": False}}]}
        try:
            return self._tags_after(reader, post_id, topic, {"$addToSet": {"tags": tag}}, room)
        except DuplicateKeyError:
            # The mark exists and did not match, so the upsert tried to insert a second one: it is full.
            issue = f"this post has {TAGS_PER_POST} of your tags already; remove one first"
            raise Unprocessable({"tag": issue}) from None

    def untag(self, reader: str, post_id: str, topic: str, tag: str) -> list[str]:
        """Take a tag off a post; the tags left."""
        return self._tags_after(reader, post_id, topic, {"$pull": {"tags": tag}})

    def like(self, reader: str, post_id: str, topic: str, liked: bool) -> int:
        """Like a post or stop liking it; how many readers like it now."""
        self._mark(reader, post_id, topic, {"$set": {"liked": liked}})
        return self.collection.count_documents({"post": post_id, "liked": True})

    def hide(self, reader: str, post_id: str, topic: str, hidden: bool) -> None:
        """Hide a post from the reader, or show it again."""
        self._mark(reader, post_id, topic, {"$set": {"hidden": hidden}})

    def hidden(self, reader: str) -> list[str]:
        """The posts the reader hid."""
        marks = self.collection.find({"reader": reader, "hidden": True}, {"_id": False, "post": True})
        return [mark["post"] for mark in marks]

    def tagged(self, reader: str, tag: str) -> list[str]:
        """The posts the reader put this tag on."""
        marks = self.collection.find({"reader": reader, "tags": tag}, {"_id": False, "post": True})
        return [mark["post"] for mark in marks]

    def tags(self, reader: str, page: Page) -> Found[TagCount]:
        """The reader's tags, most used first."""
        counted = self.collection.aggregate(
            [
                {"$match": {"reader": reader, "tags": ANY_TAG}},
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

    def counts(self, reader: str) -> dict[str, int]:
        """How many different tags the reader uses, and how many posts they like and hid."""
        own = {"reader": reader}
        return {
            "tags": len(self.collection.distinct("tags", {**own, "tags": ANY_TAG})),
            "likes": self.collection.count_documents({**own, "liked": True}),
            "hidden": self.collection.count_documents({**own, "hidden": True}),
        }

    def interests(self, reader: str) -> tuple[set[str], list[str]]:
        """Topics of the posts the reader tagged or liked, and the reader's tags."""
        own = {"reader": reader}
        topics = set(self.collection.distinct("topic", {**own, "liked": True}))
        topics.update(self.collection.distinct("topic", {**own, "tags": ANY_TAG}))
        return topics, self.collection.distinct("tags", {**own, "tags": ANY_TAG})

    def put_on(self, posts: list[Post], reader: str) -> list[Post]:
        """Add to each post the reader's `tags`, `liked` and `hidden`, and an `_etag` that covers them."""
        ids = [_id(reader, post["_id"]) for post in posts]
        marks = {mark["post"]: mark for mark in self.collection.find({"_id": {"$in": ids}})}
        for post in posts:
            mark = marks.get(post["_id"], {})
            post["tags"] = sorted(mark.get("tags", []))
            post["liked"] = mark.get("liked", False)
            post["hidden"] = mark.get("hidden", False)
            seen = f"{post['_etag']} {' '.join(post['tags'])} {post['liked']} {post['hidden']}"
            post["_etag"] = blake2b(seen.encode(), digest_size=16).hexdigest()
        return posts

    def _tags_after(
        self, reader: str, post_id: str, topic: str, change: Document, condition: Document | None = None
    ) -> list[str]:
        return sorted(self._mark(reader, post_id, topic, change, condition).get("tags", []))

    def _mark(
        self, reader: str, post_id: str, topic: str, change: Document, condition: Document | None = None
    ) -> Document:
        mark = self.collection.find_one_and_update(
            {"_id": _id(reader, post_id), **(condition or {})},
            {**change, "$setOnInsert": {"reader": reader, "post": post_id, "topic": topic}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return mark or {}


def _id(reader: str, post_id: str) -> str:
    return f"{reader}:{post_id}"
