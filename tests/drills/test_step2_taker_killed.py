"""A taker is killed with -9 while it applies a delivery in an open transaction.

MongoDB does not notice that the client of a transaction is gone, and blocks all others from its documents
until it has ended. So the copies wait, but not for the minute that is MongoDB's default; then all are there.
"""

import os
import subprocess
import sys
import uuid
from typing import Any

import pytest
from pymongo import MongoClient

from kit.http.problems import DependencyUnavailable
from kit.mongo.client import connect
from step2_services.replication import Copy
from step2_services.replication.batch import Delivery
from tests.support.eventually import eventually
from workshop.stores.mongod import TRANSACTION_SECONDS

pytestmark = [pytest.mark.drill, pytest.mark.only_step(2)]


AGAIN = 6 * TRANSACTION_SECONDS
"""MongoDB looks for old transactions every half of their lifetime: a generous bound."""

FIRST = Delivery(
    base=None, cursor="all", put=[{"_id": "a", "topic": "stones"}], remove=[], range=(None, None)
)
SECOND = Delivery(base="all", cursor="changes:1", put=[{"_id": "b", "topic": "stones"}], remove=["a"])
TAKER = """
import os, signal, sys
from step2_services.replication import Copy
from step2_services.replication.batch import Delivery
from kit.mongo.client import connect
copies = connect(os.environ["MONGODB_URI"]).get_default_database()["posts"]
taken = copies.bulk_write
def killed(*arguments, **options):
    taken(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
copies.bulk_write = killed
Copy(copies, ("topic",)).apply("posts", Delivery.model_validate_json(sys.argv[1]))
"""


def test_next_taker_applies_the_delivery(mongod: Any, mongo_client: MongoClient[dict[str, Any]]) -> None:
    name = f"test_{uuid.uuid4().hex[:12]}"
    uri = mongod.add_user(name)
    copies = connect(uri)[name]["posts"]
    copy = Copy(copies, ("topic",))
    copy.apply("posts", FIRST)
    killed = subprocess.run(
        [sys.executable, "-c", TAKER, SECOND.model_dump_json()],
        env={**os.environ, "MONGODB_URI": uri},
        timeout=120,
        check=False,
    )
    assert killed.returncode == -9
    assert list(copies.find()) == FIRST.put
    with pytest.raises(DependencyUnavailable, match="copies"):
        copy.apply("posts", SECOND)

    def apply() -> None:
        try:
            copy.apply("posts", SECOND)
        except DependencyUnavailable as problem:
            raise AssertionError(str(problem)) from problem

    eventually(apply, AGAIN)
    assert list(copies.find()) == SECOND.put
    assert copy.cursor("posts") == SECOND.cursor
    mongo_client.drop_database(name)
