"""A post: its fields, how it is stored, and how clients see it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict, get_args

from kit.mongo.document_schema import Check, DocumentSchema, boolean, integer, moment, text

if TYPE_CHECKING:
    from pymongo.collection import Collection

POST_ID = r"(t3_[a-z0-9]{1,20}|se_[A-Za-z0-9_.-]{1,60})"
"""A regular expression for a whole id: the id at the source with the source's prefix."""

Source = Literal["reddit", "stackexchange"]
SOURCES = get_args(Source)


class Post(TypedDict):
    """A post as a client sees it; the last three only for a signed-in reader.

    This is the one list of a post's fields: what is stored, copied, filtered and checked is derived from it.
    """

    _id: str
    _etag: str
    source: Source
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


SHOWN = tuple(name for name in Post.__annotations__ if name in Post.__required_keys__)
"""The fields that everybody sees."""

TEXTS = tuple(
    name for name in SHOWN if Post.__annotations__[name] is str and name not in ("_id", "_etag", "created")
)
COUNTS = tuple(name for name in SHOWN if Post.__annotations__[name] is int)

LOVE = "love"
"""`ups - downs`, stored so that it can be sorted by."""

WORDS = "words"
"""The field of further words for the text index; see `kit.domain.search.words`."""

STAMPS = ("_created", "_updated")
"""The fields with the times at which the document was written. Eve shows them."""

STORED = (*SHOWN, LOVE)
NOT_SHOWN = (LOVE, "relevance")

_ID = re.compile(POST_ID)


def post_id(value: Any) -> str | None:
    """Require the id of a post."""
    is_one = type(value) is str and _ID.fullmatch(value)
    return None if is_one else "is no post's id, such as t3_1fymy0 or se_12345"


def _source(value: Any) -> str | None:
    return None if type(value) is str and value in SOURCES else f"is none of {', '.join(SOURCES)}"


def _required() -> dict[str, Check]:
    return {
        "_id": post_id,
        "source": _source,
        **dict.fromkeys(("_etag", *TEXTS), text),
        "created": moment,
        **dict.fromkeys(COUNTS, integer),
        "over_18": boolean,
    }


POST_SCHEMA = DocumentSchema(_required(), {LOVE: integer, WORDS: text, **dict.fromkeys(STAMPS, moment)})

RECOMMENDED = 12
"""How many posts are recommended at a time."""

PAGE_OF_POSTS: Mapping[str, Any] = {"$ref": "#/components/schemas/PostsPage"}
"""The JSON Schema of a page of the resource `posts`."""


def iso(time: datetime) -> str:
    """Return a time as ISO 8601 in UTC, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def as_post(found: Mapping[str, Any]) -> Post:
    """Return a stored post, or the stored part of one, as everybody sees it."""
    shown = {name: value for name, value in found.items() if name not in NOT_SHOWN}
    if "created" in found:
        shown["created"] = iso(found["created"])
    return shown  # type: ignore[return-value]


POST_OF_OURS: dict[str, Any] = {
    "_id": {"$regex": "^(t3_|se_)"},
    "source": {"$in": list(SOURCES)},
    "created": {"$type": "date"},
}


def require_ours(posts: "Collection[dict[str, Any]]") -> None:
    """Refuse a collection that has documents, none of which is a post of ours.

    It belongs to another program and only has the same name: it must be neither shown nor changed. Raises
    RuntimeError, and the errors of the driver.
    """
    if posts.find_one(POST_OF_OURS, {"_id": 1}) is None and posts.find_one({}, {"_id": 1}) is not None:
        raise RuntimeError(
            f"The collection {posts.name} in the database {posts.database.name} is somebody else's: it has "
            "documents, and none is a post of this application. Name another database in MONGODB_URI."
        )
