"""Invalid documents, as other tools and programs may leave them."""

import secrets
from collections.abc import Iterator
from functools import cache
from typing import Any

from bson import Binary, Code, DatetimeMS, Decimal128, MaxKey, MinKey, ObjectId, Regex, Timestamp

from workshop.load.generate import posts

Document = dict[str, Any]

STRANGE: tuple[Any, ...] = (
    *(None, ObjectId(), Decimal128("1.5"), Binary(b"\x00\xff"), Regex("a"), Timestamp(1, 1), Code("x")),
    *(MinKey(), MaxKey(), float("nan"), float("inf"), 0.5, ["a", {"b": 1}], {"$oid": "x"}),
    *(DatetimeMS(2**62), DatetimeMS(-(2**62))),
)
"""Values of types that JSON does not have, or that no field of ours has."""

POST_FIELDS = (
    *("source", "title", "text", "author", "topic", "url", "permalink", "thumbnail", "created", "score"),
    *("ups", "downs", "num_comments", "over_18", "_etag"),
)


def valid_posts(count: int, **fields: Any) -> list[Document]:
    """Return valid posts with new ids and high scores, as the loader writes them."""
    mark = secrets.token_hex(5)
    loved = {"score": 10_000_000, "ups": 10_000_000, "love": 10_000_000}
    return [{**_post(), **loved, **fields, "_id": f"t3_{mark}{number:05}"} for number in range(count)]


@cache
def _post() -> Document:
    return next(iter(posts(1)))


def odd_posts(**fields: Any) -> Iterator[Document]:
    """Yield posts with each kind of id, without each field, and with each strange value in each field."""
    for identifier in (ObjectId(), 7, 2.5, True, {"a": 1}, Binary(b"x"), "not-an-id", ""):
        yield {**valid_posts(1, **fields)[0], "_id": identifier}
    yield {"_id": ObjectId()}
    yield {"_id": ObjectId(), "title": "saved by a tool", "created_utc": 1.6e9, "score": 99_999_999}
    for name in POST_FIELDS:
        post = valid_posts(1, **fields)[0]
        del post[name]
        yield post
        yield from (valid_posts(1, **fields | {name: value})[0] for value in STRANGE)
    yield from (valid_posts(1, **fields | {"love": value})[0] for value in STRANGE)
    yield valid_posts(1, **fields | {"text": "much " * 2**20})[0]


def odd_marks(reader: str, post: Document) -> Iterator[Document]:
    """Yield marks of a reader and a post: without each field, and with strange values."""
    whole = {"reader": reader, "post": post["_id"], "topic": post["topic"], "tags": ["odd"], "liked": True}
    for name in whole:
        yield {"_id": f"{reader}:{secrets.token_hex(4)}", **{key: whole[key] for key in whole if key != name}}
        for value in STRANGE:
            yield {"_id": f"{reader}:{secrets.token_hex(4)}", **whole, name: value}
    yield {"_id": ObjectId(), **whole, "tags": ["odd", 1, None, ObjectId()]}
