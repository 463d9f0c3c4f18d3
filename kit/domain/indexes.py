"""The indexes of the domain's collections: every query goes through one of them."""

from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel

from kit.domain.posts.collection import NEWEST
from kit.domain.posts.documents import WORDS
from kit.domain.recommend.ranking import MOST_LOVED, RECOMMENDABLE
from kit.mongo.indexes import Indexes, expiring

INDEXES: Indexes = {
    "posts": [
        IndexModel(NEWEST, name="newest"),
        IndexModel([("topic", ASCENDING)], name="topic"),
        IndexModel(MOST_LOVED, name="most_loved", partialFilterExpression=RECOMMENDABLE),
        IndexModel(
            [("topic", ASCENDING), *MOST_LOVED],
            name="most_loved_by_topic",
            partialFilterExpression=RECOMMENDABLE,
        ),
        IndexModel(
            [("title", TEXT), ("text", TEXT), (WORDS, TEXT)],
            name="words",
            weights={"title": 3, "text": 1, WORDS: 1},
        ),
    ],
    "marks": [
        IndexModel([("reader", ASCENDING), ("tags", ASCENDING), ("post", ASCENDING)], name="tags_of_reader"),
        IndexModel([("tags", ASCENDING), ("post", ASCENDING)], name="posts_of_tag"),
        IndexModel(
            [("reader", ASCENDING), ("topic", ASCENDING)],
            name="liked_by_reader",
            partialFilterExpression={"liked": True},
        ),
        IndexModel([("post", ASCENDING)], name="likes_of_post", partialFilterExpression={"liked": True}),
        IndexModel(
            [("reader", ASCENDING), ("post", ASCENDING)],
            name="hidden_by_reader",
            partialFilterExpression={"hidden": True},
        ),
    ],
    "shares": [IndexModel([("reader", ASCENDING)], name="reader")],
    "image_misses": [expiring("until")],
}

REVOKED: Indexes = {"revoked": [expiring("expires")]}
"""The indexes of revoked tokens: only steps whose tokens cannot simply be deleted need them."""


def latest_of_reader() -> IndexModel:
    """Describe the index by which a reader's latest marks are found."""
    return IndexModel([("reader", ASCENDING), ("at", DESCENDING)], name="latest_of_reader")
