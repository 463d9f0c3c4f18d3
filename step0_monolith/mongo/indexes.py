"""The indexes that every question of the store goes through."""

from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel
from pymongo.database import Database

from step0_monolith.mongo.connection import Document, translated

NEWEST = [("created", DESCENDING), ("_id", ASCENDING)]
MOST_LOVED = [("love", DESCENDING), ("num_comments", DESCENDING), ("_id", ASCENDING)]
RECOMMENDABLE = {"score": {"$gt": 50}}

INDEXES: dict[str, list[IndexModel]] = {
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
    "tokens": [IndexModel([("expires", ASCENDING)], name="ended", expireAfterSeconds=0)],
    "sessions": [
        IndexModel([("id", ASCENDING)], name="id", unique=True),
        IndexModel([("expiration", ASCENDING)], name="ended", expireAfterSeconds=0),
    ],
    "shares": [IndexModel([("reader", ASCENDING)], name="reader")],
    "image_misses": [IndexModel([("until", ASCENDING)], name="ended", expireAfterSeconds=0)],
}


@translated
def make_indexes(database: Database[Document]) -> None:
    """Make the indexes that are missing; over a large collection this takes minutes."""
    for collection, models in INDEXES.items():
        database[collection].create_indexes(models)
