"""The collection of posts, and the queries over it."""

from collections.abc import Callable, Iterable

from pymongo import ASCENDING, DESCENDING
from pymongo.collection import Collection
from pymongo.cursor import Cursor

from kit.domain.posts.documents import POST_SCHEMA, STORED
from kit.http.collections import TOTAL_LIMIT, Found, Page
from kit.http.problems import NotFound
from kit.mongo.client import Document
from kit.mongo.document_schema import EARLIEST, LATEST, FindProblem
from kit.mongo.pages import count
from kit.mongo.skipped import without_invalid

NEWEST = [("created", DESCENDING), ("_id", ASCENDING)]
TOPICS_OFFERED = 200

DATED: Document = {"created": {"$gte": EARLIEST, "$lte": LATEST}}
"""The condition that a document has a time `created`, as posts do. The index `newest` is enough to check it,
so most documents of other programs are left out at no cost.
"""


def excluding(ids: list[str]) -> Document:
    """Return the condition that a post is none of these."""
    return {"_id": {"$nin": ids}} if ids else {}


class Posts:
    """Queries over a collection of posts.

    Methods return posts as they are stored, with the fields STORED and `more`. `as_post` returns a post as
    clients see it. Posts in which `find_problem` finds a problem are skipped.
    """

    def __init__(
        self,
        collection: Collection[Document],
        *more: str,
        find_problem: FindProblem = POST_SCHEMA.find_problem_in_part,
    ) -> None:
        self.collection = collection
        self._find_problem = find_problem
        self.fields = dict.fromkeys((*STORED, *more), True)

    def find(self, post_id: str) -> Document:
        """Find a post. Raises NotFound."""
        found = self.collection.find_one({"_id": post_id}, self.fields)
        for post in self.valid([found] if found else []):
            return post
        raise NotFound(f"There is no post {post_id}.")

    def newest(self, page: Page, hidden: list[str]) -> Found[Document]:
        """Read a page of all posts but the hidden, newest first, and those of one moment by `_id`."""
        cursor = self.collection.find({**DATED, **excluding(hidden)}, self.fields).sort(NEWEST).hint("newest")
        return self.read(cursor, page, lambda: count(self.collection, DATED, hidden, hint="newest"))

    def among(self, ids: list[str], page: Page) -> Found[Document]:
        """Read a page of these posts, newest first; some may be gone."""
        match = {"_id": {"$in": ids}}
        cursor = self.collection.find(match, self.fields).sort(NEWEST)
        return self.read(cursor, page, lambda: count(self.collection, match))

    def in_order(self, ids: list[str], page: Page) -> Found[Document]:
        """Read a page of these posts in the order of `ids`; some may be gone."""
        found = self.collection.find({"_id": {"$in": ids}}, {"_id": True})
        there = {post["_id"] for post in found}
        known = [each for each in ids if each in there]
        shown = known[page.offset : page.offset + page.limit]
        posts = {post["_id"]: post for post in self.collection.find({"_id": {"$in": shown}}, self.fields)}
        items = [posts[each] for each in shown if each in posts]
        return Found(items, min(len(known), TOTAL_LIMIT), len(known) > TOTAL_LIMIT)

    def topics(self) -> list[str]:
        """List the topics there are, for people to choose from."""
        topics = [topic for topic in self.collection.distinct("topic") if type(topic) is str]
        return sorted(topics, key=str.lower)[:TOPICS_OFFERED]

    def valid(self, found: Iterable[Document]) -> list[Document]:
        """Return those of the documents that are posts."""
        return without_invalid(found, self.collection.name, self._find_problem)

    def read(self, cursor: Cursor[Document], page: Page, count_all: Callable[[], int]) -> Found[Document]:
        """Read a page of `cursor`'s documents. `count_all` returns the total; it is called if needed."""
        # For MongoDB a limit of 0 would mean no limit.
        found = cursor.skip(page.offset).limit(page.limit).to_list() if page.limit else []
        is_last = 0 < len(found) < page.limit
        return self.page(found, page.offset + len(found) if is_last else count_all())

    def page(self, found: list[Document], total: int) -> Found[Document]:
        """Return a page of what was found, of which there is `total`, without what is no post."""
        return Found(self.valid(found), min(total, TOTAL_LIMIT), total > TOTAL_LIMIT)
