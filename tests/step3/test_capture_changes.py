"""Capture follows owners: all changes are published, in order, with the document before and after."""

import secrets
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from kit.domain.mail.shares import Shares
from kit.domain.members.revocations import Revocations
from step3_async.contracts.catalogue import BY_NAME
from step3_async.contracts.envelope import Event
from tests.step3.capture_processes import DOMAINS, Stage, captured, folded
from tests.step3.owners import TracedWriteLog
from tests.support.eventually import eventually

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
WRITERS, COMMANDS = 6, 60


@pytest.fixture
def stage(mongod: Any, tmp_path: Path) -> Iterator[Stage]:
    with captured(mongod, tmp_path) as made, made.capture() as one:
        one.await_leading(made.owners)
        yield made


def check(event: Event) -> None:
    """Check that an event has the fields of the catalogue, and no others."""
    event_type = BY_NAME[event.event_domain, event.event_name]
    event_type.payload.model_validate(event.payload)
    for document in (event.before, event.after):
        if document is not None:
            event_type.document.model_validate(document)


def test_changes_of_concurrent_writers_are_published_in_order(stage: Stage) -> None:
    marks = stage.owners.marks("tag")

    def write(number: int) -> None:
        for command in range(COMMANDS):
            # All writers share the posts, so that a document has several.
            change = marks.untag if command % 3 == 2 else marks.tag
            change("ada", f"t3_{command % 5}", "stones", f"w{number}-{command % 5}")

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    events = stage.await_events("tag", WRITERS * COMMANDS)
    assert len(events) == WRITERS * COMMANDS
    assert [event.version for event in events] == sorted(event.version for event in events)
    assert len({event.event_id for event in events}) == len(events)
    last: dict[str, Any] = {}
    for event in events:
        check(event)
        assert event.before == last.get(event.key)
        assert event.after
        assert event.after["revision"] == (event.before or {}).get("revision", 0) + 1
        last[event.key] = event.after
    assert {key: set(each["tags"]) for key, each in last.items()} == {
        each["_id"]: set(each["tags"]) for each in stage.owners.collection("tag").find()
    }


def test_events_of_every_owner_have_their_trace_and_no_secrets(stage: Stage) -> None:
    owners, secret = stage.owners, secrets.token_hex(8)
    owners.add_posts(range(1), ghost=secret)
    for domain in ("tag", "like", "hide"):
        marks = owners.marks(domain, TRACE)
        marks.tag("ada", "t3_1", "stones", "a")
        marks.like("ada", "t3_1", "stones", True)
        marks.hide("ada", "t3_1", "stones", True)
    shares = Shares(TracedWriteLog(owners.collection("share"), TRACE))
    shares.record("ada", "t3_1", f"{secret}@example.org", secret)
    expires = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    Revocations(TracedWriteLog(owners.collection("members"), TRACE)).revoke("token", expires)
    owners.collection("members").database["members"].insert_one({"_id": "ada", "password": secret})
    for domain in DOMAINS:
        for event in stage.await_events(domain, 1):
            check(event)
            assert secret not in event.dumps().decode()
            assert event.traceparent == (TRACE if domain != "posts" else None)
    (revoked,) = stage.rapids.of("members")
    assert revoked.key == "token"
    assert revoked.after
    assert datetime.fromisoformat(revoked.after["expires"]) == expires
    assert (datetime.now(UTC) - revoked.timestamp).total_seconds() < 30


def test_removal_is_published_with_the_document_before(stage: Stage) -> None:
    posts = stage.owners.collection("posts")
    stage.owners.add_posts(range(3))
    posts.update_one({"_id": "t3_000001"}, {"$set": {"score": 7}})
    posts.delete_many({})
    events = stage.await_events("posts", 7)
    assert [event.event_name for event in events] == [
        *["post-added"] * 3,
        "post-changed",
        *["post-removed"] * 3,
    ]
    assert events[3].payload["fields"] == ["score"]
    removed = {event.key: event for event in events[4:]}
    assert all(event.after is None for event in removed.values())
    assert removed["t3_000001"].before == events[3].after
    assert folded(events) == {}


def test_current_document_is_published_where_mongodb_kept_no_images(mongod: Any, tmp_path: Path) -> None:
    with captured(mongod, tmp_path, images=False) as stage, stage.capture() as one:
        one.await_leading(stage.owners)
        posts = stage.owners.collection("posts")
        stage.owners.add_posts(range(2))
        posts.update_one({"_id": "t3_000000"}, {"$set": {"score": 7}})
        posts.delete_one({"_id": "t3_000001"})
        added, _, changed, removed = stage.await_events("posts", 4)
        assert changed.before is None
        assert changed.after == {**(added.after or {}), "score": 7}
        assert "fields" not in changed.payload
        assert (removed.event_name, removed.before, removed.after) == ("post-removed", None, None)
        for event in stage.rapids.events:
            check(event)


def test_health_and_metrics_show_its_state(stage: Stage, mongod: Any) -> None:
    stage.owners.marks("like").like("ada", "t3_1", "stones", True)
    stage.await_events("like", 1)
    with stage.capture("second") as second:

        def is_ready() -> None:
            try:
                ready = requests.get(f"{second.url}/health/ready", timeout=30)
            except requests.ConnectionError as error:
                raise AssertionError from error
            assert ready.json() == {
                "_status": "OK",
                "parts": {"indexes": "ok", "mongodb": "ok", "rapids": "ok"},
            }
            assert ready.status_code == 200

        eventually(is_ready)
        assert requests.get(f"{second.url}/health/live", timeout=30).json() == {"_status": "OK"}
        assert second.leads() == 0
        stage.nats.stop()

        def is_ready_without_rapids() -> None:
            response = requests.get(f"{second.url}/health/ready", timeout=30)
            assert response.status_code == 200
            assert response.json()["parts"]["rapids"] == "down"

        eventually(is_ready_without_rapids)
        stage.nats.start()
        eventually(is_ready)
    stage.owners.marks("like").like("ada", "t3_2", "stones", True)
    assert stage.await_events("like", 2)[-1].key == "ada:t3_2"
