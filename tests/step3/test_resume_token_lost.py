"""MongoDB's log no longer has the resume token, or a collection was replaced: every river gets a snapshot."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from step3_async.contracts.envelope import SNAPSHOT_PAGE
from tests.step3.capture_processes import START_SECONDS, Stage, captured, folded
from tests.support.eventually import eventually

LONG_AGO = "826501000000000001"
"""The beginning of tokens of an earlier time."""


@pytest.fixture
def stage(mongod: Any, tmp_path: Path) -> Iterator[Stage]:
    with captured(mongod, tmp_path) as made:
        yield made


@pytest.mark.parametrize("token", ["nonsense", LONG_AGO])
def test_lost_resume_token_leads_to_a_snapshot(stage: Stage, token: str) -> None:
    positions, posts = stage.owners.own["positions"], stage.owners.collection("posts")
    with stage.capture() as one:
        one.await_leading(stage.owners)
        stage.owners.add_posts(range(20))
        stage.await_events("posts", 20)
        one.stop()
        # These changes are not published.
        posts.delete_many({"_id": {"$lt": "t3_000010"}})
        posts.update_many({}, {"$set": {"score": 7}})
        current = positions.find_one({"_id": "posts"})["token"]
        lost = token if token == "nonsense" else token + current[len(token) :]
        positions.update_one({"_id": "posts"}, {"$set": {"token": lost}})
        one.start()
        pages = stage.await_snapshot("posts")
        assert "every river gets a snapshot" in one.log
        assert one.metric("capture_resume_tokens_lost_total") == 1
        stage.owners.add_posts(range(20, 21))
        added = stage.await_events("posts", 21, "post-added")[-1]
    assert len(pages) == 1
    assert pages[0].version < added.version
    found = folded(stage.rapids.of("posts"))
    assert found == {each["_id"]: each for each in posts.find()}
    assert len(found) == 11


@pytest.mark.parametrize("how", ["dropped", "renamed", "dropped with its database"])
def test_replaced_collection_leads_to_a_snapshot(stage: Stage, how: str) -> None:
    posts = stage.owners.collection("posts")
    with stage.capture() as one:
        one.await_leading(stage.owners)
        stage.owners.add_posts(range(20))
        stage.await_events("posts", 20)
        if how == "dropped":
            posts.drop()
        elif how == "renamed":
            stage.owners.client.admin.command(
                "renameCollection", posts.full_name, to=f"{posts.full_name}_before"
            )
        else:
            posts.database.client.drop_database(posts.database.name)
        stage.owners.add_posts(range(50, 53))

        def check() -> None:
            found = folded(stage.rapids.of("posts"))
            assert found == {each["_id"]: each for each in posts.find()}

        eventually(check, START_SECONDS)
        assert len(folded(stage.rapids.of("posts"))) == 3
        assert stage.rapids.of("posts", SNAPSHOT_PAGE)
        assert one.log.count("every river gets a snapshot") == 1
