"""The relations: which service owns documents, and which needs which of their fields."""

from dataclasses import dataclass

from kit.domain.posts.documents import LOVE, SHOWN, STAMPS, WORDS


@dataclass(frozen=True)
class Relation:
    """`taker` keeps copies of the documents `what` of `owner`: of each the `_id` and these `fields`."""

    owner: str
    what: str
    taker: str
    fields: tuple[str, ...]

    @property
    def name(self) -> str:
        """The name of the relation, which no other has."""
        return f"{self.taker}.{self.what}"


POST = tuple(name for name in SHOWN if name != "_id")
READERS = ("posts", "search", "recommend", "like", "hide", "share", "images")
"""Services that identify readers by their tokens."""

RELATIONS = (
    Relation("posts", "posts", "search", (*POST, WORDS, *STAMPS)),
    Relation("posts", "posts", "recommend", (*POST, LOVE)),
    Relation("posts", "posts", "like", ("topic", "created")),
    Relation("posts", "posts", "hide", ("topic",)),
    Relation("posts", "posts", "share", ("title", "url", "permalink")),
    Relation("posts", "posts", "images", ("thumbnail", "url")),
    Relation("like", "tags", "recommend", ("reader", "post", "topic", "tags")),
    Relation("like", "likes", "recommend", ("reader", "post", "topic", "liked")),
    Relation("hide", "hides", "recommend", ("reader", "post", "topic", "hidden")),
    Relation("hide", "hides", "posts", ("reader", "post", "hidden")),
    Relation("hide", "hides", "search", ("reader", "post", "hidden")),
    *(Relation("members", "revocations", taker, ("expires",)) for taker in READERS),
)
