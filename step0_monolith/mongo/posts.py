"""Questions about posts: list, show, search, recommend."""

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import blake2b

from pymongo import ASCENDING
from pymongo.cursor import Cursor
from pymongo.database import Database

from step0_monolith.mongo.connection import Document, translated
from step0_monolith.mongo.indexes import MOST_LOVED, NEWEST, RECOMMENDABLE
from step0_monolith.store import RECOMMENDED, TOTAL_LIMIT, Found, NotFound, Page, Post, Reader

FIELDS = dict.fromkeys(
    (
        *("_id", "_etag", "source", "title", "text", "author", "topic", "url", "permalink", "thumbnail"),
        *("created", "score", "ups", "downs", "num_comments", "over_18", "love"),
    ),
    True,
)
TOPICS_OFFERED = 200


class Posts:
    """The posts' part of the store; other readers' marks never show here."""

    def __init__(self, database: Database[Document]) -> None:
        self.database = database
        self.posts = database["posts"]
        self.marks = database["marks"]

    @translated
    def list_posts(self, page: Page, reader: Reader | None) -> Found[Post]:
        """See Store."""
        hidden = self._hidden(reader)
        cursor = self.posts.find(_but(hidden), FIELDS).sort(NEWEST).hint("newest")

        def total() -> int:
            # Two counts that never leave their indexes; one over `_but(hidden)` would read every post.
            limit = TOTAL_LIMIT + 1 + len(hidden)
            everything = self.posts.count_documents({}, limit=limit, hint="newest")
            return everything - self.posts.count_documents({"_id": {"$in": hidden}})

        return self._found(cursor, page, reader, total)

    @translated
    def post(self, post_id: str, reader: Reader | None) -> Post:
        """See Store."""
        return self._shown([self.known(post_id)], reader)[0]

    @translated
    def search(self, query: str, page: Page, reader: Reader | None) -> Found[Post]:
        """See Store."""
        match = {"$text": {"$search": query}, **_but(self._hidden(reader))}
        best = {"relevance": {"$meta": "textScore"}}
        cursor = self.posts.find(match, {**FIELDS, **best}).sort([*best.items(), ("_id", ASCENDING)])
        return self._found(cursor, page, reader, lambda: self._count(match))

    @translated
    def recommended(self, topic: str | None, reader: Reader | None) -> list[Post]:
        """See Store."""
        match: Document = {**RECOMMENDABLE, "topic": topic} if topic is not None else dict(RECOMMENDABLE)
        hidden = self._hidden(reader)
        first = self._sharing_interests({**match, **_but(hidden)}, reader, topic) if reader else []
        missing = RECOMMENDED - len(first)
        rest = {**match, **_but([*hidden, *(post["_id"] for post in first)])}
        others = list(self.posts.find(rest, FIELDS).sort(MOST_LOVED).limit(missing)) if missing else []
        return self._shown(first + others, reader)

    @translated
    def topics(self) -> list[str]:
        """See Store."""
        return sorted(self.posts.distinct("topic"), key=str.lower)[:TOPICS_OFFERED]

    @translated
    def known(self, post_id: str) -> Document:
        """A post as it is stored. Raises NotFound."""
        found = self.posts.find_one({"_id": post_id}, FIELDS)
        if found is None:
            raise NotFound(f"There is no post {post_id}.")
        return found

    def _hidden(self, reader: Reader | None) -> list[str]:
        if reader is None:
            return []
        marks = self.marks.find({"reader": reader.username, "hidden": True}, {"_id": False, "post": True})
        return [mark["post"] for mark in marks]

    def _count(self, match: Document) -> int:
        return self.posts.count_documents(match, limit=TOTAL_LIMIT + 1)

    def _found(
        self, cursor: Cursor[Document], page: Page, reader: Reader | None, count: Callable[[], int]
    ) -> Found[Post]:
        """The asked page of what `cursor` runs through. MongoDB takes a limit of 0 for none."""
        found = list(cursor.skip(page.offset).limit(page.limit)) if page.limit else []
        is_last = 0 < len(found) < page.limit
        total = page.offset + len(found) if is_last else count()
        return Found(self._shown(found, reader), min(total, TOTAL_LIMIT), total > TOTAL_LIMIT)

    def _sharing_interests(self, match: Document, reader: Reader, topic: str | None) -> list[Document]:
        """Posts in topics the reader tagged or liked, or with a tag the reader uses; most loved first."""
        own = {"reader": reader.username}
        topics = set(self.marks.distinct("topic", {**own, "liked": True}))
        topics.update(self.marks.distinct("topic", {**own, "tags": {"$gt": ""}}))
        by_topic: list[Document] = []
        if topics and (topic is None or topic in topics):
            within = {**match, "topic": topic or {"$in": sorted(topics)}}
            by_topic = list(self.posts.find(within, FIELDS).sort(MOST_LOVED).limit(RECOMMENDED))
        tags = self.marks.distinct("tags", {**own, "tags": {"$gt": ""}})
        by_tag = self.marks.aggregate(
            [
                {"$match": {"tags": {"$in": tags}}},
                {"$group": {"_id": "$post"}},
                {"$lookup": {"from": "posts", "localField": "_id", "foreignField": "_id", "as": "post"}},
                {"$unwind": "$post"},
                {"$replaceWith": "$post"},
                {"$match": match},
                {"$sort": dict(MOST_LOVED)},
                {"$limit": RECOMMENDED},
                {"$project": FIELDS},
            ]
        )
        both = {each["_id"]: each for each in [*by_topic, *by_tag]}
        return sorted(both.values(), key=_most_loved_first)[:RECOMMENDED]

    def _shown(self, found: list[Document], reader: Reader | None) -> list[Post]:
        if reader is None:
            return [_as_post(each) for each in found]
        ids = [f"{reader.username}:{each['_id']}" for each in found]
        marks = {mark["post"]: mark for mark in self.marks.find({"_id": {"$in": ids}})}
        return [_as_marked(_as_post(each), marks.get(each["_id"], {})) for each in found]


def _but(ids: list[str]) -> Document:
    return {"_id": {"$nin": ids}} if ids else {}


def _most_loved_first(post: Document) -> tuple[int, int, str]:
    return -post["love"], -post["num_comments"], post["_id"]


def _as_post(found: Document) -> Post:
    created: datetime = found["created"]
    shown = {name: value for name, value in found.items() if name not in ("love", "relevance")}
    shown["created"] = iso(created)
    return shown  # type: ignore[return-value]


def _as_marked(post: Post, mark: Document) -> Post:
    post["tags"] = sorted(mark.get("tags", []))
    post["liked"] = mark.get("liked", False)
    post["hidden"] = mark.get("hidden", False)
    seen = f"{post['_etag']} {' '.join(post['tags'])} {post['liked']} {post['hidden']}"
    post["_etag"] = blake2b(seen.encode(), digest_size=16).hexdigest()
    return post


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
