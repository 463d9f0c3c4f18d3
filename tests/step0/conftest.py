"""The monolith's store over a database of its own on the real mongod."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.database import Database

from kit.mongo.client import connect
from kit.mongo.indexes import make_indexes
from step0_monolith.mongo.indexes import INDEXES
from step0_monolith.monolith import MonolithStore
from step0_monolith.store import Reader
from tests.step0.stores import monolith_store


@pytest.fixture(scope="module")
def store(mongod: Any) -> Iterator[MonolithStore]:
    name = f"store_{uuid.uuid4().hex[:12]}"
    client = connect(mongod.add_user(name))
    make_indexes(client.get_default_database(), INDEXES)
    yield monolith_store(client)
    client.close()
    with mongod.admin() as admin:
        admin[name].command("dropUser", name)
        admin.drop_database(name)


@pytest.fixture(scope="module")
def admin_database(mongod: Any, store: MonolithStore) -> Iterator[Database[dict[str, Any]]]:
    """The store's database with all permissions."""
    with mongod.admin() as admin:
        yield admin[store.database.name]


@pytest.fixture
def reader() -> Reader:
    return Reader(f"r_{uuid.uuid4().hex[:12]}", "")
