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


def test_so_many_a_minute_for_each_key_in_all_processes(database: Database[Document]) -> None:
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


def test_looking_counts_nothing_and_counting_refuses_nothing(database: Database[Document]) -> None:
    looking = limit(database)
    for _ in range(5):
        looking.check("ada")
    looking.count("ada")
    looking.check("ada")
    looking.count("ada")
    with pytest.raises(TooManyRequests):
        looking.check("ada")
    looking.count("ada")  # is one too many already


@pytest.mark.parametrize("age", [59.9, 60.1, 3600])
def test_there_is_always_a_moment_to_wait(database: Database[Document], age: float) -> None:
    """Also where the window ends between the look at the limit and the one at when it ends."""
    full = limit(database, amount=1)
    full.take("ada")
    database["limit_windows"].update_one({}, {"$set": {"entries": [time.time() - age]}})
    assert full._too_many("ada").retry_after == 1


def test_what_is_counted_stays_in_the_database_and_the_client_open(
    database: Database[Document], mongo_client: MongoClient[Document]
) -> None:
    full = limit(database)
    full.take("ada")
    assert set(database.list_collection_names()) <= {"limit_counters", "limit_windows"}
    assert database["limit_windows"].count_documents({}) == 1
    del full
    assert mongo_client.admin.command("ping")["ok"] == 1
