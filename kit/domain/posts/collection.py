"""Posts: how they are stored, found and shown."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from pymongo.collection import Collection
from pymongo.cursor import Cursor

from kit.domain.indexes import NEWEST
from kit.domain.search.words import search_for, why_nothing
from kit.http.paging import TOTAL_LIMIT, Found, Page
from kit.http.problems import NotFound
from kit.mongo.client import Document
from kit.mongo.document_schema import EARLIEST, LATEST, POST_SCHEMA, FindProblem
from kit.mongo.skipped import without_invalid

FIELDS = dict.fromkeys(
    (
        *("_id", "_etag", "source", "title", "text", "author", "topic", "url", "permalink", "thumbnail"),
        *("created", "score", "ups", "downs", "num_comments", "over_18", "love"),
    ),
    True,
)
RELEVANCE = {"relevance": {"$meta": "textScore"}}
TOPICS_OFFERED = 200

DATED: Document = {"created": {"$gte": EARLIEST, "$lte": LATEST}}
"""The condition that a document may be a post, as far as the index of the newest can tell: most of what
others write to the collection is left out by it at no cost.
"""


def but(ids: list[str]) -> Document:
    """The filter for all posts except these."""
    return {"_id": {"$nin": ids}} if ids else {}


class Posts:
    """Questions about a collection of posts.

    Posts come as they are stored (see `kit.domain.posts.documents.as_post`) with FIELDS and `more` fields.
    What `find_problem` finds wrong is left out.
    """

    def __init__(
        self,
        collection: Collection[Document],
        *more: str,
        find_problem: FindProblem = POST_SCHEMA.find_problem_in_part,
    ) -> None:
        self.collection = collection
        self._unfit = find_problem
        self.fields = {**FIELDS, **dict.fromkeys(more, True)}

    def known(self, post_id: str) -> Document:
        """A post. Raises NotFound."""
        found = self.collection.find_one({"_id": post_id}, self.fields)
        for post in self.fit([found] if found else []):
            return post
        raise NotFound(f"There is no post {post_id}.")

    def newest(self, page: Page, hidden: list[str]) -> Found[Document]:
        """All posts but the hidden, newest first, ties by `_id`."""
        cursor = self.collection.find({**DATED, **but(hidden)}, self.fields).sort(NEWEST).hint("newest")
        return self._found(cursor, page, lambda: self.count_newest(hidden))

    def count_newest(self, hidden: list[str]) -> int:
        """How many posts there are but the hidden, counted to just over TOTAL_LIMIT."""
        # Two counts that never leave their indexes; one over `but(hidden)` would read every post.
        limit = TOTAL_LIMIT + 1 + len(hidden)
        everything = self.collection.count_documents(DATED, limit=limit, hint="newest")
        return everything - self.collection.count_documents({"_id": {"$in": hidden}})

    def search(self, query: str, page: Page, hidden: list[str]) -> Found[Document]:
        """Full text over title and text, best first, ties by `_id`; a reason where nothing can be found."""
        match = {"$text": {"$search": search_for(query)}, **but(hidden)}
        fields = {**self.fields, **RELEVANCE}
        cursor = self.collection.find(match, fields).sort([*RELEVANCE.items(), ("_id", 1)])
        found = self._found(cursor, page, lambda: self._count(match))
        return found if found.total else replace(found, reason=why_nothing(self.collection, query))

    def among(self, ids: list[str], page: Page) -> Found[Document]:
        """Those of these posts that are there, newest first."""
        match = {"_id": {"$in": ids}}
        cursor = self.collection.find(match, self.fields).sort(NEWEST)
        return self._found(cursor, page, lambda: self._count(match))

    def in_order(self, ids: list[str], page: Page) -> Found[Document]:
        """Those of these posts that are there, in the order of `ids`."""
        found = self.collection.find({"_id": {"$in": ids}}, {"_id": True})
        there = {post["_id"] for post in found}
        known = [each for each in ids if each in there]
        shown = known[page.offset : page.offset + page.limit]
        posts = {post["_id"]: post for post in self.collection.find({"_id": {"$in": shown}}, self.fields)}
        items = [posts[each] for each in shown if each in posts]
        return Found(items, min(len(known), TOTAL_LIMIT), len(known) > TOTAL_LIMIT)

    def topics(self) -> list[str]:
        """The topics there are, for people to choose from."""
        topics = [topic for topic in self.collection.distinct("topic") if type(topic) is str]
        return sorted(topics, key=str.lower)[:TOPICS_OFFERED]

    def fit(self, found: Iterable[Document]) -> list[Document]:
        """Those of the documents that are posts."""
        return without_invalid(found, self.collection.name, self._unfit)

    def _count(self, match: Document) -> int:
        return self.collection.count_documents(match, limit=TOTAL_LIMIT + 1)

    def _found(self, cursor: Cursor[Document], page: Page, count: Callable[[], int]) -> Found[Any]:
        """The asked page of what `cursor` runs through. MongoDB takes a limit of 0 for none."""
        found = list(cursor.skip(page.offset).limit(page.limit)) if page.limit else []
        is_last = 0 < len(found) < page.limit
        total = page.offset + len(found) if is_last else count()
        return Found(self.fit(found), min(total, TOTAL_LIMIT), total > TOTAL_LIMIT)
