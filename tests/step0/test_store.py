"""What the store promises and the contract suite cannot see from outside."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex
from typing import Any

import pytest
from pymongo import MongoClient

from kit.domain.marks.collection import TAGS_PER_POST
from kit.http.collections import Page
from kit.http.problems import DependencyUnavailable, TooManyRequests, Unprocessable, WrongCredentials
from kit.mongo.client import connect
from step0_monolith.monolith import MonolithStore
from step0_monolith.store import Reader
from tests.step0.stores import monolith_store
from workshop.load.generate import posts
from workshop.ports import free_port

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def post_id(store: MonolithStore) -> str:
    made = next(iter(posts(1)))
    store.database["posts"].insert_one(made)
    return str(made["_id"])


def new_posts(store: MonolithStore, number: int) -> list[str]:
    """Return the ids of `number` posts that no other test uses."""
    made = [{**post, "_id": f"t3_{token_hex(6)}"} for post in posts(number)]
    store.database["posts"].insert_many(made)
    return [post["_id"] for post in made]


def test_concurrent_first_tags_of_a_post_are_all_added(store: MonolithStore, reader: Reader) -> None:
    made = list(posts(40))[10:]
    store.database["posts"].insert_many(made)
    with ThreadPoolExecutor(8) as pool:
        for post in made:
            start = threading.Barrier(8)

            def put(number: int, post_id: str = post["_id"], start: threading.Barrier = start) -> None:
                start.wait(timeout=30)
                store.tag(post_id, f"tag-{number}", reader)

            list(pool.map(put, range(8)))
    marked = store.database["marks"].find({"post": {"$in": [post["_id"] for post in made]}})
    assert [len(mark["tags"]) for mark in marked] == [8] * len(made)


def test_limit_of_fifty_tags_holds_under_concurrency(
    store: MonolithStore, post_id: str, reader: Reader
) -> None:
    start = threading.Barrier(16)

    def put(number: int) -> bool:
        if number < 16:
            start.wait(timeout=30)
        try:
            store.tag(post_id, f"tag-{number}", reader)
        except Unprocessable:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        accepted = sum(pool.map(put, range(TAGS_PER_POST + 30)))
    assert accepted == TAGS_PER_POST
    assert len(store.post(post_id, reader)["tags"]) == TAGS_PER_POST


def test_existing_tag_can_be_added_again_at_the_limit(
    store: MonolithStore, post_id: str, reader: Reader
) -> None:
    for number in range(TAGS_PER_POST):
        store.tag(post_id, f"tag-{number}", reader)
    assert len(store.tag(post_id, "tag-0", reader)) == TAGS_PER_POST


def test_likes_count_each_reader_once(store: MonolithStore, post_id: str) -> None:
    readers = [Reader(f"liker_{number}", "") for number in range(5)]
    for _ in range(2):
        for each in readers:
            store.like(post_id, True, each)
    assert store.like(post_id, True, readers[0]) == 5
    assert store.like(post_id, False, readers[0]) == 4


@pytest.mark.parametrize("kind", ["like", "hide"])
def test_removed_post_leaves_no_gap_in_lists(store: MonolithStore, reader: Reader, kind: str) -> None:
    ids = new_posts(store, 6)
    mark, listed = (store.like, store.liked) if kind == "like" else (store.hide, store.hidden)
    for post_id in ids:
        mark(post_id, True, reader)
    store.database["posts"].delete_many({"_id": {"$in": [ids[2], ids[5]]}})
    left = [ids[4], ids[3], ids[1], ids[0]]
    for page, shown in ((Page(1, 3), left[:3]), (Page(2, 3), left[3:]), (Page(3, 3), [])):
        found = listed(page, reader)
        assert ([post["_id"] for post in found.items], found.total) == (shown, 4)
    assert store.likes(ids, reader) == (dict.fromkeys(ids, 1) if kind == "like" else {})


def test_marks_without_a_time_come_last(store: MonolithStore, reader: Reader) -> None:
    first, second, third = new_posts(store, 3)
    for post_id in (first, second, third):
        store.like(post_id, True, reader)
    store.database["marks"].update_one({"post": second}, {"$unset": {"liked_at": ""}})
    assert [post["_id"] for post in store.liked(Page(1, 9), reader).items] == [third, first, second]


def test_concurrent_first_like_hide_and_tag_are_all_kept(store: MonolithStore, reader: Reader) -> None:
    ids = new_posts(store, 20)
    verbs = (
        lambda post_id: store.like(post_id, True, reader),
        lambda post_id: store.hide(post_id, True, reader),
        lambda post_id: store.tag(post_id, "both", reader),
    )
    start = threading.Barrier(len(verbs))

    def mark(verb: Callable[[str], object]) -> None:
        for post_id in ids:
            start.wait(timeout=30)
            verb(post_id)

    with ThreadPoolExecutor(len(verbs)) as pool:
        list(pool.map(mark, verbs))
    marks = list(store.database["marks"].find({"post": {"$in": ids}}))
    assert [(mark["liked"], mark["hidden"], mark["tags"]) for mark in marks] == [(True, True, ["both"])] * 20
    assert all({"liked_at", "hidden_at"} <= mark.keys() for mark in marks)


def test_password_and_token_are_kept_as_hashes_only(store: MonolithStore, reader: Reader) -> None:
    store.sign_up(reader.username, PASSWORD, None)
    session = store.sign_in(reader.username, PASSWORD, "192.0.2.1")
    kept = [*store.database["members"].find(), *store.database["tokens"].find()]
    assert not [each for each in kept if PASSWORD in str(each) or session.token in str(each)]
    member = store.database["members"].find_one({"_id": reader.username})
    assert member is not None
    assert member["password"].startswith("$argon2id$")
    assert store.authenticate(session.token) == Reader(reader.username, session.token)


def test_ended_token_is_invalid_before_mongodb_removes_it(mongod: Any, store: MonolithStore) -> None:
    hasty = monolith_store(store.client, token_lifetime=0)
    hasty.sign_up("hasty", PASSWORD, None)
    assert hasty.authenticate(hasty.sign_in("hasty", PASSWORD, "192.0.2.2").token) is None


def test_limits_are_shared_by_all_processes(store: MonolithStore, reader: Reader) -> None:
    several = [monolith_store(store.client, failed_sign_ins=4) for _ in range(2)]
    for attempt in range(4):
        with pytest.raises(WrongCredentials):
            several[attempt % 2].sign_in(reader.username, "not the password", "192.0.2.3")
    for each in several:
        with pytest.raises(TooManyRequests) as refused:
            each.sign_in(reader.username, "not the password", "192.0.2.3")
        assert 1 <= refused.value.retry_after <= 60
    with pytest.raises(WrongCredentials):
        several[0].sign_in(reader.username, "not the password", "192.0.2.4")


def test_successful_sign_ins_do_not_count(store: MonolithStore, reader: Reader) -> None:
    strict = monolith_store(store.client, failed_sign_ins=2)
    strict.sign_up(reader.username, PASSWORD, None)
    for _ in range(4):
        strict.sign_in(reader.username, PASSWORD, "192.0.2.5")


def test_server_that_is_away_is_reported_as_unavailable() -> None:
    away = monolith_store(connect(f"mongodb://127.0.0.1:{free_port()}/nothing?serverSelectionTimeoutMS=200"))
    with pytest.raises(DependencyUnavailable) as raised:
        away.list_posts(Page(1, 25), None)
    assert raised.value.retry_after > 0
    assert away.health() == {"mongodb": False, "smtp": False}


def test_refused_credentials_are_reported_as_unavailable(mongod: Any) -> None:
    address = f"mongodb://nobody:wrong@{mongod.host}:{mongod.port}/nothing?replicaSet=rs0"
    with pytest.raises(DependencyUnavailable):
        monolith_store(connect(address)).list_posts(Page(1, 25), None)


def test_the_monoliths_user_reaches_no_other_database(store: MonolithStore) -> None:
    client: MongoClient[dict[str, Any]] = store.client
    with pytest.raises(Exception, match="not authorized"):
        client["another"]["posts"].insert_one({})
    with pytest.raises(Exception, match="not authorized"):
        client["admin"]["system.users"].find_one()
