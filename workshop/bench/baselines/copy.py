"""Copies documents with only the driver. Copies that services make are compared with this."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from pymongo import IndexModel, ReplaceOne
from pymongo.collection import Collection

from workshop.load.loading import BATCH

Document = dict[str, Any]


def copy(
    source: Collection[Document],
    targets: Sequence[tuple[Collection[Document], Sequence[str]]],
    count: int,
) -> None:
    """Read `count` documents once, and write to each of the targets the fields that belong to it."""
    with source.find({}, sort=[("_id", 1)], limit=count, batch_size=BATCH) as found:
        for batch in _batches(found):
            for target, fields in targets:
                copies = [{name: each[name] for name in fields if name in each} for each in batch]
                target.bulk_write(
                    [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in copies], ordered=False
                )


def copy_indexes(model: Collection[Document], target: Collection[Document]) -> None:
    """Create the indexes of `model` in `target`."""
    for name, index in model.index_information().items():
        if name == "_id_":
            continue
        options = {key: index[key] for key in ("weights", "partialFilterExpression") if key in index}
        keys: list[Any] = index["key"]
        if "weights" in index:
            keys = [(field, "text") for field in index["weights"]]
        target.create_indexes([IndexModel(keys, name=name, **options)])


def _batches(posts: Iterator[Document]) -> Iterator[list[Document]]:
    while batch := list(islice(posts, BATCH)):
        yield batch
