"""Owners' databases, made and written to as their services do."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from kit.domain.marks.collection import Marks
from kit.mongo.client import connect
from kit.mongo.prepare import keep_images
from step3_async.aggregates.write_log import WriteLog
from step3_async.capture.sources import SOURCES

Document = dict[str, Any]


class TracedWriteLog(WriteLog):
    """The write log of an owner whose writes all belong to one trace."""

    traceparent: str | None

    def __init__(self, collection: Collection[Document], traceparent: str | None = None) -> None:
        super().__init__(collection.database, collection.name, "tests")
        self.traceparent = traceparent

    def stamp(self) -> Document:
        return {"traceparent": self.traceparent}


@dataclass
class Owners:
    """Databases whose names begin with `prefix`; `capture` is the address for the user that captures."""

    client: MongoClient[Document]
    prefix: str
    capture: str

    def collection(self, domain: str) -> Collection[Document]:
        source = next(each for each in SOURCES if each.domain == domain)
        return self.client[f"{self.prefix}{domain}"][source.collection]

    @property
    def own(self) -> Any:
        """Return capture's own database."""
        return self.client[f"{self.prefix}capture"]

    def marks(self, domain: str, traceparent: str | None = None) -> Marks:
        return Marks(TracedWriteLog(self.collection(domain), traceparent))

    def add_posts(self, numbers: range, **fields: Any) -> None:
        self.collection("posts").insert_many([post(number, **fields) for number in numbers])


def post(number: int, **fields: Any) -> Document:
    return {"_id": f"t3_{number:06}", "title": f"Post {number}", "topic": "stones", "score": 1, **fields}


@contextmanager
def owners(mongod: Any, *, images: bool = True) -> Iterator[Owners]:
    """Yield new databases whose collections keep images."""
    prefix = f"t{uuid.uuid4().hex[:10]}_"
    reads = [f"{prefix}{each.domain}.{each.collection}" for each in SOURCES]
    capture = mongod.add_user(f"{prefix}capture", reads)
    with connect(mongod.admin_uri()) as client:
        made = Owners(client, prefix, capture)
        for source in SOURCES:
            if images:
                keep_images(client[f"{prefix}{source.domain}"], source.collection)
        yield made
        for name in client.list_database_names():
            if name.startswith(prefix):
                client.drop_database(name)
        client[f"{prefix}capture"].command("dropUser", f"{prefix}capture")
