"""The payloads of events, and the documents that their `before` and `after` hold.

Unknown fields are refused, so that no field is published by accident. Missing ones are not: documents may be
older than their fields.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from kit.domain.posts.documents import POST_ID

PostId = Annotated[str, Field(pattern=f"^{POST_ID}$")]
Moment = Annotated[datetime | str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""In events it is ISO 8601; in MongoDB a time."""
Tags = list[Annotated[str, Field(max_length=30)]]


class Strict(BaseModel):
    """Refuses unknown fields."""

    model_config = ConfigDict(extra="forbid", validate_by_name=True)


class PostAdded(Strict):
    """The title, topic and author of a new post."""

    title: str = ""
    topic: str = ""
    author: str = ""


class PostChanged(Strict):
    """The post's title and topic, and which of its fields have changed, as far as known."""

    title: str = ""
    topic: str = ""
    fields: list[str] = []


class PostRemoved(Strict):
    """Nothing besides the key."""


class OfPost(Strict):
    """A reader, a post, and the post's topic."""

    reader: str
    post: PostId
    topic: str = ""


class Tagged(OfPost):
    """The reader's tags on the post, and which of them were added, as far as known."""

    added: Tags = []
    tags: Tags


class Untagged(OfPost):
    """The reader's remaining tags on the post, and which were removed, as far as known."""

    removed: Tags = []
    tags: Tags


class Liked(OfPost):
    """A reader likes a post."""


class Unliked(OfPost):
    """A reader does not like a post any more."""


class Hidden(OfPost):
    """A reader has hidden a post."""


class Shown(OfPost):
    """A reader does not hide a post any more."""


class Shared(Strict):
    """Who shared which post."""

    reader: str
    post: PostId


class TokenRevoked(Strict):
    """When the token would have expired; the key is its id."""

    expires: Moment


class Owned(Strict):
    """Fields of the documents of all domains but posts."""

    id_: Annotated[str, Field(alias="_id")]
    revision: Annotated[int, Field(ge=1)] = 1


class PostDocument(Strict):
    """A post as its owner stores it."""

    id_: Annotated[PostId, Field(alias="_id")]
    etag: Annotated[str, Field(alias="_etag")] = ""
    created_here: Annotated[Moment, Field(alias="_created")] = ""
    updated_here: Annotated[Moment, Field(alias="_updated")] = ""
    source: str = ""
    title: str = ""
    text: str = ""
    author: str = ""
    topic: str = ""
    url: str = ""
    permalink: str = ""
    thumbnail: str = ""
    created: Moment = ""
    score: int = 0
    ups: int = 0
    downs: int = 0
    num_comments: int = 0
    over_18: bool = False
    love: int = 0
    words: str = ""


class MarkDocument(Owned):
    """Fields of all marks; `revision` counts the commands that changed the mark."""

    reader: str
    post: PostId
    topic: str = ""
    at: Moment = ""


class TagDocument(MarkDocument):
    """A reader's tags on a post."""

    tags: Tags = []


class LikeDocument(MarkDocument):
    """Whether a reader likes a post, and since when."""

    liked: bool = False
    liked_at: Moment = ""


class HideDocument(MarkDocument):
    """Whether a reader hid a post, and since when."""

    hidden: bool = False
    hidden_at: Moment = ""


class ShareDocument(Owned):
    """A share."""

    reader: str
    post: PostId
    at: Moment = ""


class RevokedDocument(Owned):
    """A token that was revoked before it expired."""

    expires: Moment


DOCUMENTS: dict[str, type[Strict]] = {
    "posts": PostDocument,
    "tag": TagDocument,
    "like": LikeDocument,
    "hide": HideDocument,
    "share": ShareDocument,
    "members": RevokedDocument,
}
"""The document of each domain."""


def fields_of(domain: str) -> list[str]:
    """Return the names of the fields that leave the service with a document of the domain, `_id` included."""
    return [field.alias or name for name, field in DOCUMENTS[domain].model_fields.items()]
