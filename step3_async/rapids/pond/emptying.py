"""Throwing a collection's documents away."""

from pymongo.collection import Collection

from kit.mongo.client import Document


def empty(collection: Collection[Document]) -> None:
    """Put an empty collection with the same indexes in the place of `collection`, in one step."""
    database, name = collection.database, f"{collection.name}_emptied"
    indexes = [dict(index) for index in collection.list_indexes() if index["name"] != "_id_"]
    database.drop_collection(name)
    database.create_collection(name)
    if indexes:
        database.command("createIndexes", name, indexes=indexes)
    database[name].rename(collection.name, dropTarget=True)
