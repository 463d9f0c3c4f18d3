"""A post as clients see it, and what goes with it: plain values, ready for JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Literal, NotRequired, TypedDict

POST_ID = r"(t3_[a-z0-9]{1,20}|se_[A-Za-z0-9_.-]{1,60})"
"""The source's own id with its prefix, as a regular expression for the whole of it."""

NOT_SHOWN = ("love", "relevance")

RECOMMENDED = 12
"""Posts in one recommendation."""


class Post(TypedDict):
    """A post as a client sees it; the last three only for a signed-in reader."""

    _id: str
    _etag: str
    source: Literal["reddit", "stackexchange"]
    title: str
    text: str
    author: str
    topic: str
    url: str
    permalink: str
    thumbnail: str
    created: str
    score: int
    ups: int
    downs: int
    num_comments: int
    over_18: bool
    tags: NotRequired[list[str]]
    liked: NotRequired[bool]
    hidden: NotRequired[bool]


class TagCount(TypedDict):
    """One of a reader's tags and how many posts carry it."""

    tag: str
    count: int


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_post(found: Mapping[str, Any]) -> Post:
    """A stored post, or as much of one as is kept, as it is shown to everybody."""
    shown = {name: value for name, value in found.items() if name not in NOT_SHOWN}
    if "created" in found:
        shown["created"] = iso(found["created"])
    return shown  # type: ignore[return-value]


def put_mark(post: Post, tags: list[str] | None, liked: bool | None, hidden: bool | None) -> None:
    """Show a reader's mark on a post, with an `_etag` that covers it; None is unknown, and left out."""
    if tags is not None:
        post["tags"] = tags
    if liked is not None:
        post["liked"] = liked
    if hidden is not None:
        post["hidden"] = hidden
    seen = f"{post['_etag']} {' '.join(tags or ())} {liked} {hidden}"
    post["_etag"] = blake2b(seen.encode(), digest_size=16).hexdigest()
