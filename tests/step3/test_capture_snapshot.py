"""A snapshot publishes all documents while owners continue to write."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from kit.domain.posts.documents import POST_SCHEMA
from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import ALL
from tests.step3.capture_processes import START_SECONDS, Stage, captured, folded
from tests.step3.owners import post
from tests.support.eventually import eventually
from tests.support.odd_documents import odd_posts, valid_posts

MANY = 6000


@pytest.fixture
def stage(mongod: Any, tmp_path: Path) -> Iterator[Stage]:
    with captured(mongod, tmp_path) as made:
        yield made


def check_ranges(pages: list[Event]) -> None:
    """Check that the pages of a run cover all ids without a gap."""
    reached: str | None = None
    for number, page in enumerate(pages):
        assert page.payload["after"] == reached or (number and page.payload["after"] <= reached)
        reached = page.payload["upto"]
        assert page.payload["last"] == (reached is None) == (number == len(pages) - 1)


def test_snapshot_and_changes_end_in_the_same_documents(stage: Stage) -> None:
    posts = stage.owners.collection("posts")
    stage.owners.add_posts(range(MANY))
    with stage.capture() as one:
        one.await_leading(stage.owners)
        stopped = threading.Event()

        def write() -> None:
            number = 0
            while not stopped.is_set():
                number = (number + 7) % MANY
                posts.update_one({"_id": f"t3_{number:06}"}, {"$inc": {"score": 1}})
                posts.delete_one({"_id": f"t3_{number + 1:06}"})
                posts.replace_one({"_id": f"t3_{number + 2:06}"}, post(number + 2, score=5), upsert=True)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            run = stage.rapids.request_snapshot("posts")["posts"]
            assert stage.rapids.request_snapshot("posts")["posts"] == run
            pages = stage.await_snapshot("posts", run)
        finally:
            stopped.set()
            writer.join()

        def check() -> None:
            found = folded(stage.rapids.of("posts"))
            assert found == {each["_id"]: each for each in posts.find()}

        eventually(check, START_SECONDS)
    check_ranges(pages)
    assert len(pages) > MANY / 1000
    # Any order of the events ends in the same documents.
    events = stage.rapids.of("posts")
    assert folded(sorted(events, key=lambda event: event.version)) == folded(events)


@pytest.mark.drill
def test_snapshot_continues_after_kill_9(stage: Stage) -> None:
    stage.owners.add_posts(range(MANY), text="long " * 300)
    # MongoDB refuses to store a position after this one, so that it is killed in the middle.
    middle = {"after": {"$not": {"$gte": post(MANY // 2)["_id"]}}}
    snapshots = stage.owners.own.create_collection("snapshots", validator=middle)
    with stage.capture() as one:
        one.await_leading(stage.owners)
        run = stage.rapids.request_snapshot("posts")["posts"]

        def is_under_way() -> None:
            assert snapshots.find_one({"_id": run, "after": {"$ne": None}})

        eventually(is_under_way, START_SECONDS)
        one.stop(signal.SIGKILL)
        (job,) = snapshots.find()
        stage.owners.own.command("collMod", "snapshots", validator={})
        output = len(one.log)
        one.start()
        pages = stage.await_snapshot("posts", run)
        assert f'"after":"{job["after"]}"' in one.log[output:]
    check_ranges(pages)
    assert len(folded(pages)) == MANY
    assert all(sum(len(each["text"]) for each in page.payload["documents"]) < 502_000 for page in pages)
    assert snapshots.count_documents({}) == 0


def test_simultaneous_requests_share_a_snapshot(stage: Stage) -> None:
    stage.owners.add_posts(range(10))
    with stage.capture() as one:
        one.await_leading(stage.owners)
        runs = stage.rapids.request_snapshot("posts", "hide", "unheard-of", river="other")
        assert runs.keys() == {"posts", "hide"}
        assert stage.rapids.request_snapshot("posts")["posts"] == runs["posts"]
        (page,) = stage.await_snapshot("posts", runs["posts"])
        assert [each["_id"] for each in page.payload["documents"]] == [post(n)["_id"] for n in range(10)]
        # A later request gets another snapshot, addressed to this river alone.
        later = stage.rapids.request_snapshot("posts")["posts"]
        assert later != runs["posts"]
        stage.await_snapshot("posts", later)
        assert '"to":"listener"' in one.log
        assert f'"to":"{ALL}"' in one.log


def test_again_begins_a_snapshot_from_the_first_page(stage: Stage) -> None:
    snapshots = stage.owners.own["snapshots"]
    stage.owners.add_posts(range(10))
    with stage.capture() as one:
        one.await_leading(stage.owners)
        one.stop()
    begun = {"domain": "posts", "rivers": ["listener"], "begun": True, "after": "t3_000004"}
    snapshots.insert_one({"_id": "old", **begun})
    snapshots.insert_one({"_id": "shared", **begun, "rivers": ["listener", "other"], "after": "t3_000007"})
    with stage.capture() as one:
        stage.await_snapshot("posts", "old")
        stage.await_snapshot("posts", "shared")
        run = stage.rapids.request_snapshot("posts", again=True)["posts"]
        (page,) = stage.await_snapshot("posts", run)
    assert page.payload["after"] is None
    assert len(page.payload["documents"]) == 10


def test_repeated_page_ends_at_the_same_document(stage: Stage) -> None:
    stage.owners.add_posts(range(10))
    with stage.capture() as one:
        one.await_leading(stage.owners)
        one.stop()
    # Killed as it published a page; since then some of its documents are gone, and its last one, too.
    half = {
        "domain": "posts",
        "rivers": ["listener"],
        "begun": True,
        "after": "t3_000002",
        "upto": "t3_000006x",
    }
    stage.owners.own["snapshots"].insert_one({"_id": "half", **half})
    with stage.capture() as one:
        twice, rest = stage.await_snapshot("posts", "half")
    ranges = [(page.payload["after"], page.payload["upto"]) for page in (twice, rest)]
    assert ranges == [("t3_000002", "t3_000006x"), ("t3_000006x", None)]
    assert [len(page.payload["documents"]) for page in (twice, rest)] == [4, 3]


def test_empty_collection_is_published_too(stage: Stage) -> None:
    with stage.capture() as one:
        one.await_leading(stage.owners)
        run = stage.rapids.request_snapshot("like")["like"]
        (page,) = stage.await_snapshot("like", run)
    found = {"run": run, "documents": [], "after": None, "upto": None, "last": True}
    assert page.payload == found


def test_invalid_document_is_left_out_of_a_complete_snapshot(stage: Stage) -> None:
    """It is left out of pages and of events about changes."""
    posts, good = stage.owners.collection("posts"), valid_posts(4)
    publishable = {each["_id"] for each in odd_posts_that_lack_fields(posts)}
    posts.insert_many(good[:2])
    with stage.capture() as one:
        one.await_leading(stage.owners)
        run = stage.rapids.request_snapshot("posts")["posts"]
        pages = stage.await_snapshot("posts", run)
        check_ranges(pages)
        there = {each["_id"] for page in pages for each in page.payload["documents"]}
        assert there == publishable | {each["_id"] for each in good[:2]}
        new = [each for each in odd_posts() if posts.find_one({"_id": each["_id"]}) is None]
        later = [*new, *good[2:]]
        posts.insert_many(later)
        posts.update_one({"_id": good[0]["_id"]}, {"$set": {"title": ObjectId()}})
        posts.update_one({"_id": good[1]["_id"]}, {"$set": {"title": "at last"}})

        def check() -> None:
            found = folded(stage.rapids.of("posts"))
            assert found[good[1]["_id"]]["title"] == "at last"
            assert good[0]["_id"] not in found
            assert {good[2]["_id"], good[3]["_id"]} <= found.keys()
            assert all(type(each["title"]) is str for each in found.values() if "title" in each)

        eventually(check, START_SECONDS)


def odd_posts_that_lack_fields(posts: Any) -> list[dict[str, Any]]:
    """Add odd posts of all kinds; return those that can be published, as they only lack something."""
    odd = [*odd_posts()]
    posts.insert_many(odd)
    return [each for each in odd if POST_SCHEMA.find_problem_in_part(each) is None]
