"""Batches shrink when deliveries fail, down to a single change, and grow again later."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from step2_services.replication.feed import MOST
from step2_services.sync.batch_size import FIRST_PATIENCE, LONGEST_PATIENCE, BatchSize
from tests.step2.running_parts import ARRIVED_SECONDS, Parts
from tests.support.eventually import eventually


def test_batch_size_shrinks_to_one_and_grows_again() -> None:
    pace = BatchSize()
    assert (pace.most, pace.is_slow) == (MOST, False)
    for _ in range(12):
        pace.fail()
    assert (pace.most, pace.is_slow) == (1, True)
    for _ in range(12 * LONGEST_PATIENCE):
        pace.succeed()
    assert (pace.most, pace.is_slow) == (MOST, False)


def test_batch_size_soon_grows_again_after_one_failure() -> None:
    pace = BatchSize()
    pace.fail()
    assert not pace.is_slow
    for _ in range(2 * FIRST_PATIENCE + 1):
        pace.succeed()
    assert pace.most == MOST


@contextmanager
def long_transactions(parts: Parts) -> Iterator[None]:
    """Inside a test MongoDB ends no transaction for its length, however slow the machine is."""
    limit = "transactionLifetimeLimitSeconds"
    before = parts.admin.admin.command("getParameter", 1, **{limit: 1})[limit]
    parts.admin.admin.command("setParameter", 1, **{limit: 600})
    yield
    parts.admin.admin.command("setParameter", 1, **{limit: before})


@pytest.mark.drill
def test_stuck_relation_continues_and_is_reported(parts: Parts) -> None:
    """An open transaction holds one of many documents that are to be written together."""
    word = "held"
    owned, copied = (parts.collection(service, "posts") for service in ("posts", "search"))
    ids = [post.post_id for post in parts.posts]
    with long_transactions(parts), parts.admin.start_session() as session, session.start_transaction():
        copied.update_one({"_id": ids[0]}, {"$set": {"author": word}}, session=session)
        owned.update_many({"_id": {"$in": ids[1:]}}, {"$set": {"author": word}})
        owned.update_one({"_id": ids[0]}, {"$set": {"author": word}})

        def is_reported() -> None:
            relation = parts.relations()["search.posts"]
            assert "MONGO_CACHE_GB=" in relation["problem"]
            assert "GB would do" in relation["problem"]

        def all_others_arrived() -> None:
            assert copied.count_documents({"author": word}) == len(ids) - 1

        eventually(is_reported, ARRIVED_SECONDS)
        eventually(all_others_arrived, ARRIVED_SECONDS)
        session.abort_transaction()
    parts.await_arrival()
    assert copied.count_documents({"author": word}) == len(ids)
    owned.update_many({"author": word}, {"$set": {"author": "walker"}})
    parts.await_arrival()
