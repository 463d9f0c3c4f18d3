"""Limits that all processes count together, in MongoDB."""

import time
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from kit.http.problems import TooManyRequests
from kit.mongo.rate_limits import RateLimit

Document = dict[str, Any]


def limit(database: Database[Document], what: str = "failed sign-ins", amount: int = 2) -> RateLimit:
    return RateLimit(database.client, database.name, what, amount)


def test_limit_is_for_each_key_and_shared_by_processes(database: Database[Document]) -> None:
    one, other = limit(database), limit(database)
    one.take("ada")
    other.take("ada")
    for each in (one, other):
        with pytest.raises(TooManyRequests, match=r"^Too many failed sign-ins") as refused:
            each.take("ada")
        assert 50 <= refused.value.retry_after <= 60
        with pytest.raises(TooManyRequests) as refused:
            each.check("ada")
        assert 50 <= refused.value.retry_after <= 60
    one.take("bob")
    limit(database, "shares").take("ada")
    limit(database, amount=3).take("ada")


def test_check_does_not_count_and_count_does_not_refuse(database: Database[Document]) -> None:
    window = limit(database)
    for _ in range(5):
        window.check("ada")
    window.count("ada")
    window.check("ada")
    window.count("ada")
    with pytest.raises(TooManyRequests):
        window.check("ada")
    window.count("ada")  # is over the limit already


def test_wait_is_until_the_oldest_entry_expires(database: Database[Document]) -> None:
    full = limit(database, amount=1)
    full.take("ada")
    database["limit_windows"].update_one({}, {"$set": {"entries": [time.time() - 30]}})
    for refuses in (full.take, full.check):
        with pytest.raises(TooManyRequests) as refused:
            refuses("ada")
        assert 1 <= refused.value.retry_after <= 30


@pytest.mark.parametrize("age", [59.9, 60.1, 3600])
def test_wait_is_never_zero(database: Database[Document], age: float) -> None:
    """Also if the window ends between the two queries."""
    full = limit(database, amount=1)
    full.take("ada")
    database["limit_windows"].update_one({}, {"$set": {"entries": [time.time() - age]}})
    assert full._too_many("ada").retry_after == 1


def test_count_stays_in_the_database_and_the_client_stays_open(
    database: Database[Document], mongo_client: MongoClient[Document]
) -> None:
    full = limit(database)
    full.take("ada")
    assert set(database.list_collection_names()) <= {"limit_counters", "limit_windows"}
    assert database["limit_windows"].count_documents({}) == 1
    del full
    assert mongo_client.admin.command("ping")["ok"] == 1
