"""The indexes that every question goes through."""

from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from kit.domain.search.words import WORDS
from kit.mongo.client import Document, translated

Indexes = dict[str, list[IndexModel]]
"""By the name of the collection."""

NEWEST = [("created", DESCENDING), ("_id", ASCENDING)]
MOST_LOVED = [("love", DESCENDING), ("num_comments", DESCENDING), ("_id", ASCENDING)]
RECOMMENDABLE = {"score": {"$gt": 50}}
DIFFERENT = (85, 86)
"""MongoDB's codes for an index that is there with other options or fields."""


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


@translated
def make_indexes(database: Database[Document], indexes: Indexes) -> None:
    """Make the indexes that are missing, and anew those that an earlier version made of other fields.

    Over a large collection this takes minutes.
    """
    for collection, models in indexes.items():
        try:
            database[collection].create_indexes(models)
        except OperationFailure as error:
            if error.code not in DIFFERENT:
                raise
            _drop_different(database[collection], models)
            database[collection].create_indexes(models)


def _drop_different(collection: Collection[Document], models: list[IndexModel]) -> None:
    there = collection.index_information()
    for model in models:
        name = model.document["name"]
        if name not in there:
            continue
        try:
            collection.create_indexes([model])
        except OperationFailure as error:
            if error.code not in DIFFERENT:
                raise
            collection.drop_index(name)
