"""What facts tell, and the documents they are about.

Unknown fields are refused, so that none slips out unnoticed; missing ones are not, as documents are of any
age.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kit.domain.posts.documents import POST_ID

PostId = Annotated[str, Field(pattern=f"^{POST_ID}$")]
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
Tags = list[Annotated[str, Field(max_length=30)]]


class Told(BaseModel):
    """Has the fields it names and no others."""

    model_config = ConfigDict(extra="forbid", validate_by_name=True)


class PostAdded(Told):
    """The post's title, topic and author."""

    title: str = ""
    topic: str = ""
    author: str = ""


class PostChanged(Told):
    """The post's title and topic now, and which of its fields are other than before, as far as known."""

    title: str = ""
    topic: str = ""
    fields: list[str] = []


class PostRemoved(Told):
    """Nothing but the key."""


class OfPost(Told):
    """A reader, a post, and the post's topic."""

    reader: str
    post: PostId
    topic: str = ""


class Tagged(OfPost):
    """The reader's tags on the post now, and which of them were added, as far as known."""

    added: Tags = []
    tags: Tags


class Untagged(OfPost):
    """The reader's tags left on the post, and which were removed, as far as known."""

    removed: Tags = []
    tags: Tags


class Liked(OfPost):
    """Who likes what."""


class Unliked(OfPost):
    """Who stopped liking what."""


class Hidden(OfPost):
    """Who hid what."""


class Shown(OfPost):
    """Who has what shown again."""


class Shared(Told):
    """Who mailed what."""

    reader: str
    post: PostId


class TokenRevoked(Told):
    """When the token would have ended anyway; the key is its id."""

    expires: Moment


class Owned(Told):
    """What documents of all domains have."""

    id_: Annotated[str, Field(alias="_id")]
    revision: Annotated[int, Field(ge=1)] = 1


class PostDocument(Told):
    """A post as its owner has it."""

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
    """What marks of all kinds have; `revision` counts the commands that led to them."""

    reader: str
    post: PostId
    topic: str = ""
    at: Moment = ""


class TagDocument(MarkDocument):
    """All tags of a reader on a post."""

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
    """A token that ended early."""

    expires: Moment


DOCUMENTS: dict[str, type[Told]] = {
    "posts": PostDocument,
    "tag": TagDocument,
    "like": LikeDocument,
    "hide": HideDocument,
    "share": ShareDocument,
    "members": RevokedDocument,
}
"""The documents of each domain."""


def fields_of(domain: str) -> list[str]:
    """The names of the fields that documents of the domain travel with, `_id` among them."""
    return [field.alias or name for name, field in DOCUMENTS[domain].model_fields.items()]
