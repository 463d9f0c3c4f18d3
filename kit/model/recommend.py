"""Recommendations: much loved posts, for a reader first those that share the reader's interests."""

from kit.model.indexes import MOST_LOVED, RECOMMENDABLE
from kit.model.marks import Marks, Own
from kit.model.post import RECOMMENDED
from kit.model.posts import Posts, but
from kit.mongo import Document


def recommended(
    posts: Posts, marks: Marks, reader: str | None, topic: str | None, own: Own | None = None
) -> list[Document]:
    """At most RECOMMENDED posts as they are stored, in the order the contract gives.

    `posts` and `marks` must lie in one database: posts with the reader's tags are looked up there. `own` are
    marks of the reader that `marks` may not have yet.
    """
    match: Document = {**RECOMMENDABLE, "topic": topic} if topic is not None else dict(RECOMMENDABLE)
    hidden = marks.hidden(reader, own) if reader else []
    visible = {**match, **but(hidden)}
    first = _sharing_interests(posts, marks, visible, reader, topic, own=own or {}) if reader else []
    missing = RECOMMENDED - len(first)
    rest = {**match, **but([*hidden, *(post["_id"] for post in first)])}
    if missing:  # MongoDB takes a limit of 0 for none
        first += posts.collection.find(rest, posts.fields).sort(MOST_LOVED).limit(missing)
    return first


def _sharing_interests(
    posts: Posts, marks: Marks, match: Document, reader: str, topic: str | None, *, own: Own
) -> list[Document]:
    """Posts in topics the reader tagged or liked, or with a tag the reader uses; most loved first."""
    topics, tags = marks.interests(reader, own)
    by_topic: list[Document] = []
    if topics and (topic is None or topic in topics):
        within = {**match, "topic": topic or {"$in": sorted(topics)}}
        by_topic = list(posts.collection.find(within, posts.fields).sort(MOST_LOVED).limit(RECOMMENDED))
    by_tag = marks.collection.aggregate(
        [
            {"$match": {"tags": {"$in": tags}, **marks.but_own(reader, own)}},
            {"$group": {"_id": "$post"}},
            {
                "$lookup": {
                    "from": posts.collection.name,
                    "localField": "_id",
                    "foreignField": "_id",
                    "as": "post",
                }
            },
            {"$unwind": "$post"},
            {"$replaceWith": "$post"},
            {"$match": match},
            {"$sort": dict(MOST_LOVED)},
            {"$limit": RECOMMENDED},
            {"$project": posts.fields},
        ]
    )
    both = {each["_id"]: each for each in [*by_topic, *by_tag]}
    return sorted(both.values(), key=_most_loved_first)[:RECOMMENDED]


def _most_loved_first(post: Document) -> tuple[int, int, str]:
    return -post["love"], -post["num_comments"], post["_id"]
