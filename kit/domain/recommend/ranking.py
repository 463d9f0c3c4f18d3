"""Find the posts to recommend: the most loved ones; for a reader, those of the reader's interests first."""

from pymongo import ASCENDING, DESCENDING

from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts, excluding
from kit.domain.posts.documents import LOVE, RECOMMENDED
from kit.mongo.client import Document
from kit.mongo.document_schema import LARGEST_INTEGER

MOST_LOVED = [(LOVE, DESCENDING), ("num_comments", DESCENDING), ("_id", ASCENDING)]
RECOMMENDABLE = {"score": {"$gt": 50}}

MANY = 1000
"""How many documents to read if some of the most loved ones are not valid posts."""

NUMBERED: Document = {LOVE: {"$gte": -LARGEST_INTEGER, "$lte": LARGEST_INTEGER}}
"""The condition that `love` is a number: MongoDB sorts values of some other types after all numbers."""


def recommended(posts: Posts, marks: Marks, reader: str | None, topic: str | None) -> list[Document]:
    """Find at most RECOMMENDED posts as they are stored, in the order that the contract demands."""
    match: Document = {**RECOMMENDABLE, **NUMBERED}
    if topic is not None:
        match["topic"] = topic
    hidden = marks.hidden(reader) if reader else []
    visible = {**match, **excluding(hidden)}
    first = _sharing_interests(posts, marks, visible, reader, topic) if reader else []
    rest = {**match, **excluding([*hidden, *(post["_id"] for post in first)])}
    missing = RECOMMENDED - len(first)
    return [*first, *_most_loved(posts, rest, missing)] if missing else first


def _sharing_interests(
    posts: Posts, marks: Marks, match: Document, reader: str, topic: str | None
) -> list[Document]:
    """Find posts in topics the reader tagged or liked, or with a tag the reader uses; most loved first."""
    topics, tags = marks.interests(reader)
    by_topic: list[Document] = []
    if topics and (topic is None or topic in topics):
        within = {**match, "topic": topic or {"$in": sorted(topics)}}
        by_topic = _most_loved(posts, within, RECOMMENDED)
    # Two commands, as a `$lookup` of each tagged post takes MongoDB several times as long.
    tagged = marks.posts_with(tags) if tags else []
    by_tag = _most_loved(posts, {"$and": [match, {"_id": {"$in": tagged}}]}, RECOMMENDED) if tagged else []
    both = {each["_id"]: each for each in [*by_topic, *by_tag]}
    return sorted(both.values(), key=_most_loved_first)[:RECOMMENDED]


def _most_loved(posts: Posts, match: Document, count: int) -> list[Document]:
    found = posts.collection.find(match, posts.fields).sort(MOST_LOVED).limit(count).to_list()
    valid = posts.valid(found)
    if len(valid) < len(found):
        valid = posts.valid(posts.collection.find(match, posts.fields).sort(MOST_LOVED).limit(MANY))[:count]
    return valid


def _most_loved_first(post: Document) -> tuple[int, int, str]:
    return -post["love"], -post["num_comments"], post["_id"]
