"""Every query uses an index, and its cost depends on what it finds, not on what is stored."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pymongo.database import Database

from kit.domain.posts.documents import RECOMMENDED
from kit.http.collections import Page
from step0_monolith.monolith import MonolithStore
from step0_monolith.store import Reader
from workshop.load.generate import posts

SIZES = (1_000, 8_000)
PAGE = Page(1, 25)
RARE = "quizzaciously"
READER = Reader("planner", "")
WRITER = Reader("writer", "")


def fill(store: MonolithStore, start: int, stop: int) -> None:
    made = list(posts(stop))[start:]
    for post in made[:: max(1, len(made) // 40)][:40] if start == 0 else []:
        post["title"] += f" {RARE}"
    store.database["posts"].insert_many(made)


@pytest.fixture(scope="module")
def grown(store: MonolithStore, admin_database: Database[dict[str, Any]]) -> list[dict[str, list[Any]]]:
    """MongoDB's reports about each query, at each size of the collection."""
    reports = []
    loaded = 0
    for size in SIZES:
        fill(store, loaded, size)
        if loaded == 0:
            mark_some(store)
        loaded = size
        reports.append({name: profile(admin_database, query) for name, query in queries(store)})
    return reports


def mark_some(store: MonolithStore) -> None:
    newest = store.list_posts(Page(1, 50), None).items
    for post in newest[:10]:
        store.tag(post["_id"], "planned", READER)
        store.like(post["_id"], True, READER)
    for post in newest[10:20]:
        store.hide(post["_id"], True, READER)
    for post in newest[20:30]:
        store.tag(post["_id"], "planned", WRITER)


def queries(store: MonolithStore) -> Iterator[tuple[str, Callable[[], Any]]]:
    for who, reader in (("visitor", None), ("reader", READER)):
        yield f"list for {who}", lambda reader=reader: store.list_posts(PAGE, reader)
        yield f"search for {who}", lambda reader=reader: store.search(RARE, PAGE, reader)
        yield f"recommend for {who}", lambda reader=reader: store.recommended(None, reader)
        topic = store.topics()[0]
        yield (
            f"recommend {topic} for {who}",
            lambda reader=reader, topic=topic: store.recommended(topic, reader),
        )
    yield "topics", store.topics
    yield "tags", lambda: store.tags(PAGE, READER)
    yield "tagged", lambda: store.tagged("planned", PAGE, READER)
    yield "liked", lambda: store.liked(PAGE, READER)
    yield "hidden", lambda: store.hidden(PAGE, READER)
    yield "likes", lambda: store.likes([each["_id"] for each in store.list_posts(PAGE, None).items], READER)
    yield "like", lambda: store.like(store.list_posts(PAGE, None).items[0]["_id"], True, READER)
    store.sign_up("planner", "correct horse battery", None) if not known(store) else None
    yield "profile", lambda: store.profile(READER)


def known(store: MonolithStore) -> bool:
    return store.database["members"].find_one({"_id": "planner"}) is not None


def profile(database: Database[dict[str, Any]], query: Callable[[], Any]) -> list[dict[str, Any]]:
    database.command("profile", 0)
    database["system.profile"].drop()
    database.command("profile", 2)
    query()
    database.command("profile", 0)
    done = database["system.profile"].find({"ns": {"$not": {"$regex": "system"}}, "op": {"$ne": "insert"}})
    return list(done)


def test_every_query_was_recorded(grown: list[dict[str, list[Any]]]) -> None:
    assert all(operations for report in grown for operations in report.values())


def test_no_query_scans_a_collection(grown: list[dict[str, list[Any]]]) -> None:
    scans = [
        (name, operation["planSummary"], operation["command"])
        for report in grown
        for name, operations in report.items()
        for operation in operations
        if "COLLSCAN" in operation.get("planSummary", "")
    ]
    assert not scans


def test_cost_does_not_grow_with_the_collection(grown: list[dict[str, list[Any]]]) -> None:
    small, large = ({name: examined(operations) for name, operations in report.items()} for report in grown)
    for name, before in small.items():
        if name not in ("profile", "topics"):
            # Which posts are on top may change, so a few more or fewer may be looked at.
            assert large[name] <= before + 4 * RECOMMENDED, name
    assert all(large[name] < 300 for name in large), large


def examined(operations: list[dict[str, Any]]) -> int:
    return sum(operation.get("docsExamined", 0) for operation in operations)
