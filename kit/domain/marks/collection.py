"""The collection of marks: what readers do to posts, and the queries over it.

One document holds what a reader did to a post, so that each verb is one atomic write.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Literal

from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from kit.domain.marks.documents import Mark, TagCount, mark_id, put_mark
from kit.domain.posts.documents import Post, as_post
from kit.http.collections import TOTAL_LIMIT, Found, Page
from kit.http.problems import Unprocessable
from kit.mongo.client import Document

TAGS_PER_POST = 50
"""Tags one reader may put on one post."""

ANY_TAG = {"$gt": ""}

MOST_TAGGED = 100_000
"""How many posts with a reader's tags are looked at: their ids are sent to MongoDB again."""

Switch = Literal["liked", "hidden"]
"""A mark that is set or not. The time of its last change is in `liked_at` or `hidden_at`."""


class Marks:
    """A collection of marks. Its verbs take the post's topic, by which readers are recommended others."""

    def __init__(self, collection: Collection[Document]) -> None:
        self.collection = collection

    def tag(self, reader: str, post_id: str, topic: str, tag: str) -> list[str]:
        """Put a tag on a post, and return all the reader's tags on it. Raises Unprocessable if it is full."""
        room = {"$or": [{"tags": tag}, {f"tags.{TAGS_PER_POST - 1}": {"$exists": False}}]}
        # Where the mark exists and does not match, the upsert tries to insert a second one: it is full, or
        # another of the reader's commands has made it at this moment.
        for _ in range(2):
            with suppress(DuplicateKeyError):
                return self._tags_after(reader, post_id, topic, {"$addToSet": {"tags": tag}}, room)
        issue = f"this post has {TAGS_PER_POST} of your tags already; remove one first"
        raise Unprocessable({"tag": issue})

    def untag(self, reader: str, post_id: str, topic: str, tag: str) -> list[str]:
        """Take a tag off a post, and return the tags left."""
        return self._tags_after(reader, post_id, topic, {"$pull": {"tags": tag}})

    def like(self, reader: str, post_id: str, topic: str, liked: bool) -> int:
        """Like a post or stop liking it, and return how many readers like it now."""
        self._switch(reader, post_id, topic, "liked", liked)
        return self.collection.count_documents({"post": post_id, "liked": True})

    def hide(self, reader: str, post_id: str, topic: str, hidden: bool) -> None:
        """Hide a post from the reader, or show it again."""
        self._switch(reader, post_id, topic, "hidden", hidden)

    def hidden(self, reader: str) -> list[str]:
        """List the posts the reader hid."""
        marks = self.collection.find({"reader": reader, "hidden": True}, {"_id": False, "post": True})
        return list(dict.fromkeys(only_texts([mark.get("post") for mark in marks.to_list()])))

    def latest(self, reader: str, kind: Switch) -> list[str]:
        """List the posts that the reader liked, or hid, the latest first, and those of one moment by their
        ids.
        """
        marks = self.collection.find({"reader": reader, kind: True}, {"_id": False, "post": True})
        return [mark["post"] for mark in marks.sort([(f"{kind}_at", -1), ("post", 1)])]

    def likes(self, posts: Sequence[str]) -> dict[str, int]:
        """Count how many readers like each of the posts; those that nobody likes are left out."""
        liked = {"$match": {"post": {"$in": list(posts)}, "liked": True}}
        counted = self.collection.aggregate([liked, {"$group": {"_id": "$post", "likes": {"$sum": 1}}}])
        return {each["_id"]: each["likes"] for each in counted}

    def tagged(self, reader: str, tag: str) -> list[str]:
        """List the posts the reader put this tag on."""
        marks = self.collection.find({"reader": reader, "tags": tag}, {"_id": False, "post": True})
        return only_texts([mark.get("post") for mark in marks])

    def tags(self, reader: str, page: Page) -> Found[TagCount]:
        """Count the reader's tags, most used first."""
        counted = self.collection.aggregate(
            [
                {"$match": {"reader": reader, "tags": ANY_TAG}},
                {"$project": {"_id": 0, "tags": 1}},
                {"$unwind": "$tags"},
                {"$match": {"tags": ANY_TAG}},
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
        """Count the different tags the reader uses, and the posts they like and hid."""
        own = {"reader": reader}
        return {
            "tags": len(only_texts(self.collection.distinct("tags", {**own, "tags": ANY_TAG}))),
            "likes": self.collection.count_documents({**own, "liked": True}),
            "hidden": self.collection.count_documents({**own, "hidden": True}),
        }

    def interests(self, reader: str) -> tuple[set[str], list[str]]:
        """List the topics of the posts the reader tagged or liked, and the reader's tags."""
        liked, tagged = self.liked_by(reader), self.tagged_by(reader)
        found = [*self.collection.distinct("topic", liked), *self.collection.distinct("topic", tagged)]
        return {*only_texts(found)}, sorted({*only_texts(self.collection.distinct("tags", tagged))})

    def liked_by(self, reader: str) -> Document:
        """Return the condition that a mark is a like of the reader's."""
        return {"reader": reader, "liked": True}

    def tagged_by(self, reader: str) -> Document:
        """Return the condition that a mark has tags of the reader's."""
        return {"reader": reader, "tags": ANY_TAG}

    def posts_with(self, tags: list[str]) -> list[str]:
        """List the posts that any reader put one of these tags on, at most MOST_TAGGED of them."""
        each_once = {"$group": {"_id": "$post"}}
        found = self.collection.aggregate(
            [{"$match": self.with_tags(tags)}, each_once, {"$limit": MOST_TAGGED}]
        )
        return only_texts([post["_id"] for post in found])

    def with_tags(self, tags: list[str]) -> Document:
        """Return the condition that a mark, of any reader, has one of these tags."""
        return {"tags": {"$in": tags}}

    def put_on(self, posts: list[Post], reader: str) -> list[Post]:
        """Add to each post the reader's `tags`, `liked` and `hidden`, and an `_etag` that covers them."""
        marks = self.on_posts([post["_id"] for post in posts], reader)
        for post in posts:
            put_mark(post, **marks[post["_id"]])
        return posts

    def on_posts(self, posts: Iterable[str], reader: str) -> dict[str, Mark]:
        """Return the reader's marks on each of these posts, by the posts' ids."""
        ids = {mark_id(reader, post): post for post in posts}
        found = self.collection.find({"_id": {"$in": [*ids]}}, dict.fromkeys(Mark.__annotations__, True))
        marks = {mark["_id"]: mark for mark in found.to_list()}
        return {post: as_mark(marks.get(each, {})) for each, post in ids.items()}

    def shown(self, found: Iterable[Document], reader: str | None) -> list[Post]:
        """Show stored posts as the reader sees them, with their marks; None is a visitor."""
        posts = [as_post(each) for each in found]
        return self.put_on(posts, reader) if reader else posts

    def shown_page(self, found: Found[Document], reader: str | None) -> Found[Post]:
        """Show a page of stored posts as the reader sees them."""
        return Found(self.shown(found.items, reader), found.total, found.more, found.reason)

    def _switch(self, reader: str, post_id: str, topic: str, kind: Switch, value: bool) -> None:
        changed = {"$set": {kind: value}, "$currentDate": {f"{kind}_at": True}}
        # As with tags: the mark is as wanted already, or another command has made it at this moment.
        for _ in range(2):
            with suppress(DuplicateKeyError):
                self._mark(reader, post_id, topic, changed, {kind: {"$ne": value}})
                return
        self._mark(reader, post_id, topic, {"$set": {kind: value}})

    def _tags_after(
        self, reader: str, post_id: str, topic: str, change: Document, condition: Document | None = None
    ) -> list[str]:
        return sorted(self._mark(reader, post_id, topic, change, condition).get("tags", []))

    def _mark(
        self, reader: str, post_id: str, topic: str, change: Document, condition: Document | None = None
    ) -> Document:
        mark = self.collection.find_one_and_update(
            {"_id": mark_id(reader, post_id), **(condition or {})},
            {
                **change,
                "$setOnInsert": {"reader": reader, "post": post_id, "topic": topic},
                "$currentDate": {**change.get("$currentDate", {}), "at": True},
            },
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return mark or {}


def as_mark(found: Document) -> Mark:
    """Return what a stored mark says. An empty one says that the reader has done nothing to the post."""
    tags = sorted(only_texts(found.get("tags", ())))
    return {"tags": tags, "liked": found.get("liked") is True, "hidden": found.get("hidden") is True}


def only_texts(values: Any) -> list[str]:
    """Return those of the values that are texts: other programs may have written to the collection, too."""
    # MongoDB's code is a text as well, in Python.
    return [each for each in values if type(each) is str] if isinstance(values, list | tuple) else []
