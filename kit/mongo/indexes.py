"""Make indexes."""

from pymongo import ASCENDING, IndexModel
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from kit.mongo.client import Document, translated

Indexes = dict[str, list[IndexModel]]
"""The indexes by the name of their collection."""

CONFLICTS = (85, 86)
"""MongoDB's codes for an index that is there with other options or fields."""


def expiring(field: str) -> IndexModel:
    """Return the index by which MongoDB removes documents when the time in `field` is over."""
    return IndexModel([(field, ASCENDING)], name="ended", expireAfterSeconds=0)


def named(models: list[IndexModel], *names: str) -> list[IndexModel]:
    """Return the models that have one of these names. Raises KeyError for a name that none has."""
    by_name = {model.document["name"]: model for model in models}
    return [by_name[name] for name in names]


@translated
def make_indexes(database: Database[Document], indexes: Indexes) -> None:
    """Make the indexes that are missing, and replace those that an earlier version made of other fields.

    Over a large collection this takes minutes.
    """
    for collection, models in indexes.items():
        try:
            database[collection].create_indexes(models)
        except OperationFailure as error:
            if error.code not in CONFLICTS:
                raise
            _drop_conflicting(database[collection], models)
            database[collection].create_indexes(models)


def _drop_conflicting(collection: Collection[Document], models: list[IndexModel]) -> None:
    existing = collection.index_information()
    for model in models:
        name = model.document["name"]
        if name not in existing:
            continue
        try:
            collection.create_indexes([model])
        except OperationFailure as error:
            if error.code not in CONFLICTS:
                raise
            collection.drop_index(name)
