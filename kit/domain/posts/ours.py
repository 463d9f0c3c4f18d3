"""Whether a collection is this application's, or somebody else's that is only called like it."""

from pymongo.collection import Collection

from kit.mongo.client import Document

POST_OF_OURS: Document = {
    "_id": {"$regex": "^(t3_|se_)"},
    "source": {"$in": ["reddit", "stackexchange"]},
    "created": {"$type": "date"},
}


def require_ours(posts: Collection[Document]) -> None:
    """Refuse a collection that has documents, none of which is a post of ours: it must be neither shown nor
    changed. Raises RuntimeError, and the errors of the driver.
    """
    if posts.find_one(POST_OF_OURS, {"_id": 1}) is None and posts.find_one({}, {"_id": 1}) is not None:
        raise RuntimeError(
            f"The collection {posts.name} in the database {posts.database.name} is somebody else's: it has "
            "documents, and none is a post of this application. Name another database in MONGODB_URI."
        )
