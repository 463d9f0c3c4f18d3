"""A post that nobody can write, so that a load stops at it until the test lets it continue."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from tests.support.eventually import eventually

LIMIT = "transactionLifetimeLimitSeconds"
LONGEST_SECONDS = 600
"""More than any test takes, so that the server never releases a held post."""


@contextmanager
def held_post(collection: Collection[dict[str, Any]], post_id: str) -> Iterator[None]:
    """Insert a post in a transaction that stays open inside the block and is undone at its end.

    Meanwhile MongoDB lets another write of the same `_id` wait (see `unhurried`).
    """
    with collection.database.client.start_session() as session:
        session.start_transaction()
        collection.insert_one({"_id": post_id}, session=session)
        try:
            yield
        finally:
            if session.in_transaction:
                session.abort_transaction()


@contextmanager
def unhurried(client: MongoClient[dict[str, Any]]) -> Iterator[None]:
    """Keep MongoDB from ending transactions by itself inside the block, however slow the machine is."""
    before = client.admin.command("getParameter", 1, **{LIMIT: True})[LIMIT]
    client.admin.command("setParameter", 1, **{LIMIT: LONGEST_SECONDS})
    yield
    client.admin.command("setParameter", 1, **{LIMIT: before})


def await_held(collection: Collection[dict[str, Any]], seconds: float = 120.0) -> None:
    """Wait until another write waits for the held post."""
    waiting = {"ns": collection.full_name, "active": True, "writeConflicts": {"$gt": 0}}
    requested = [{"$currentOp": {"allUsers": True}}, {"$match": waiting}]

    def check() -> None:
        assert list(collection.database.client.admin.aggregate(requested)), (
            "nobody waits to write the held post"
        )

    eventually(check, seconds)
