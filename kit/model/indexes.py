"""The indexes that every question goes through."""

from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel
from pymongo.database import Database

from kit.mongo import Document, translated

Indexes = dict[str, list[IndexModel]]
"""By the name of the collection."""

NEWEST = [("created", DESCENDING), ("_id", ASCENDING)]
MOST_LOVED = [("love", DESCENDING), ("num_comments", DESCENDING), ("_id", ASCENDING)]
RECOMMENDABLE = {"score": {"$gt": 50}}


def expiring(field: str) -> IndexModel:
    """The index by which MongoDB removes documents whose time in `field` is over."""
    return IndexModel([(field, ASCENDING)], name="ended", expireAfterSeconds=0)


def latest_of_reader() -> IndexModel:
    """The index by which a reader's latest marks are found."""
    return IndexModel([("reader", ASCENDING), ("at", DESCENDING)], name="latest_of_reader")


def named(models: list[IndexModel], *names: str) -> list[IndexModel]:
    """Those of the models that have one of these names. Raises KeyError for a name that none has."""
    by_name = {model.document["name"]: model for model in models}
    return [by_name[name] for name in names]


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
        IndexModel([("title", TEXT), ("text", TEXT)], name="words", weights={"title": 3, "text": 1}),
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


@translated
def make_indexes(database: Database[Document], indexes: Indexes) -> None:
    """Make the indexes that are missing; over a large collection this takes minutes."""
    for collection, models in indexes.items():
        database[collection].create_indexes(models)
