"""Who owns what, and who needs which fields of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Relation:
    """`taker` keeps copies of `what` `owner` tells: of each document the `_id` and these `fields`."""

    owner: str
    what: str
    taker: str
    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        """Tells it from the others."""
        return f"{self.taker}.{self.what}"


SHOWN = (
    *("_etag", "source", "title", "text", "author", "topic", "url", "permalink", "thumbnail"),
    *("created", "score", "ups", "downs", "num_comments", "over_18"),
)
READERS = ("posts", "search", "recommend", "tag", "like", "hide", "share", "images")
"""Services that know readers by their tokens."""

RELATIONS = (
    Relation("posts", "posts", "search", (*SHOWN, "words", "_created", "_updated")),
    Relation("posts", "posts", "recommend", (*SHOWN, "love")),
    Relation("posts", "posts", "tag", ("topic", "created")),
    Relation("posts", "posts", "like", ("topic",)),
    Relation("posts", "posts", "hide", ("topic",)),
    Relation("posts", "posts", "share", ("title", "url", "permalink")),
    Relation("posts", "posts", "images", ("thumbnail", "url")),
    Relation("tag", "tags", "recommend", ("reader", "post", "topic", "tags")),
    Relation("like", "likes", "recommend", ("reader", "post", "topic", "liked")),
    Relation("hide", "hides", "recommend", ("reader", "post", "topic", "hidden")),
    Relation("hide", "hides", "posts", ("reader", "post", "hidden")),
    Relation("hide", "hides", "search", ("reader", "post", "hidden")),
    *(Relation("members", "revocations", taker, ("expires",)) for taker in READERS),
)
