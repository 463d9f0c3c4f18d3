"""The bodies that verbs answer with."""

from datetime import datetime

from pydantic import BaseModel, Field


class Tags(BaseModel):
    """A post and all tags the reader has put on it."""

    post: str
    tags: list[str]


class Like(BaseModel):
    """Whether the reader likes a post, and how many readers do."""

    post: str
    liked: bool
    likes: int = Field(ge=0)


class Likes(BaseModel):
    """How many readers like each post, by its id; those that nobody likes are left out."""

    likes: dict[str, int]


class Hide(BaseModel):
    """Whether a post is hidden from the reader."""

    post: str
    hidden: bool


class Shared(BaseModel):
    """The id of what was shared."""

    share: str


class Token(BaseModel):
    """A bearer token and when it ends."""

    token: str
    expires: datetime


class Counts(BaseModel):
    """How much a reader has done: tags, likes, hidden, shares."""

    counts: dict[str, int]


class Profile(Counts):
    """A member as they see themselves."""

    username: str
    email: str | None
    created: datetime


class Topics(BaseModel):
    """Topics there are posts of."""

    topics: list[str]


class Meta(BaseModel):
    """Which page of a collection this is."""

    page: int = Field(ge=1)
    max_results: int = Field(ge=1)
    total: int = Field(ge=0, le=10_000)
    total_relation: str | None = None
    reason: str | None = None


class Link(BaseModel):
    """Where to go on."""

    href: str
    title: str | None = None


class TagCount(BaseModel):
    """One of a reader's tags and how many posts carry it."""

    tag: str
    count: int = Field(ge=1)


class TagCounts(BaseModel):
    """A page of the reader's tags, most used first."""

    items: list[TagCount] = Field(alias="_items")
    meta: Meta = Field(alias="_meta")
    links: dict[str, Link] = Field(alias="_links")
