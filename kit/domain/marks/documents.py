"""A mark: what a reader has done to a post, one document for each reader and post."""

from hashlib import blake2b
from typing import Any, TypedDict

from kit.domain.posts.documents import Post, post_id
from kit.mongo.document_schema import DocumentSchema, boolean, moment, text, texts

MARK_SCHEMA = DocumentSchema(
    {"_id": text, "reader": text, "post": post_id, "topic": text},
    {"tags": texts, "liked": boolean, "hidden": boolean, "at": moment},
)

MARKED: dict[str, Any] = {
    "tags": {"type": "array", "items": {"type": "string"}, "description": "The signed-in reader's own."},
    "liked": {"type": "boolean"},
    "hidden": {"type": "boolean"},
}
"""The additional fields of posts for a signed-in reader, as JSON Schemas."""


class Mark(TypedDict):
    """What a reader has done to a post."""

    tags: list[str]
    liked: bool
    hidden: bool


class TagCount(TypedDict):
    """One of a reader's tags and how many posts carry it."""

    tag: str
    count: int


def mark_id(reader: str, post: str) -> str:
    """Return the id of a mark."""
    return f"{reader}:{post}"


def put_mark(post: Post, tags: list[str] | None, liked: bool | None, hidden: bool | None) -> None:
    """Add a reader's mark to a post, with an `_etag` that covers it. A None is unknown, and left out."""
    if tags is not None:
        post["tags"] = tags
    if liked is not None:
        post["liked"] = liked
    if hidden is not None:
        post["hidden"] = hidden
    parts = f"{post['_etag']} {' '.join(tags or ())} {liked} {hidden}"
    post["_etag"] = blake2b(parts.encode(), digest_size=16).hexdigest()
