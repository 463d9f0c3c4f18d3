"""A database for one measurement, dropped at its end."""

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from workshop.state import ROOT
from workshop.stores.mongod import Mongod

DATABASE = "bench"
Document = dict[str, Any]


@contextmanager
def scratch_collections() -> Iterator[Callable[[], Collection[Document]]]:
    """Gives collections that nobody has used, whose writes count once they are on disk."""
    with _database() as uri:

        def new_collection() -> Collection[Document]:
            database = MongoClient[Document](uri, tz_aware=True).get_default_database()
            durable = WriteConcern(w="majority", j=True)
            return database.get_collection(f"posts_{uuid.uuid4().hex[:8]}", write_concern=durable)

        yield new_collection


@contextmanager
def scratch_posts() -> Iterator[tuple[Collection[Document], str]]:
    """The collection `posts` with the application's indexes, which step 1 makes itself; and the address."""
    with _database() as uri:
        command = [sys.executable, "-m", "step1_rest.api.prepare"]
        subprocess.run(command, env={**os.environ, "MONGODB_URI": uri}, cwd=ROOT, check=True)
        with MongoClient[Document](uri, tz_aware=True) as client:
            yield client.get_default_database()["posts"], uri


@contextmanager
def _database() -> Iterator[str]:
    with Mongod() as mongod:
        mongod.wait()
        try:
            yield mongod.add_user(DATABASE)
        finally:
            with mongod.admin() as admin:
                admin.drop_database(DATABASE)
