"""A MongoDB for one measurement, deleted afterwards."""

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from workshop.stores.mongod import Mongod
from workshop.testbed.process import run
from workshop.testbed.step import isolated_state

DATABASE = "bench"
Document = dict[str, Any]


@contextmanager
def scratch_database() -> Iterator[str]:
    """Yield the address of an empty database."""
    with isolated_state(), Mongod() as mongod:
        mongod.wait()
        yield mongod.add_user(DATABASE)


@contextmanager
def scratch_posts() -> Iterator[tuple[Collection[Document], str]]:
    """Yield the collection `posts` with the application's indexes, which step 1 creates itself, and its
    address.
    """
    with scratch_database() as uri:
        run("preparing", [sys.executable, "-m", "step1_rest.api.prepare"], {"MONGODB_URI": uri})
        with MongoClient[Document](uri, tz_aware=True) as client:
            yield client.get_default_database()["posts"], uri


@contextmanager
def scratch_collection(uri: str) -> Iterator[Collection[Document]]:
    """Yield a new collection whose writes are acknowledged once they are on disk. Drop it at the end."""
    with MongoClient[Document](uri, tz_aware=True) as client:
        durable = WriteConcern(w="majority", j=True)
        name = f"posts_{uuid.uuid4().hex[:8]}"
        collection = client.get_default_database().get_collection(name, write_concern=durable)
        try:
            yield collection
        finally:
            collection.drop()
