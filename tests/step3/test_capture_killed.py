"""Capture is killed with -9, again and again: no event is lost, and a repeated event is the same event."""

import itertools
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from step3_async.capture.sources import SOURCES
from tests.step3.capture_processes import START_SECONDS, Capture, Stage, captured, folded
from tests.step3.owners import post
from tests.support.eventually import eventually

pytestmark = pytest.mark.drill

KILLS = 5


@pytest.fixture
def stage(mongod: Any, tmp_path: Path) -> Iterator[Stage]:
    with captured(mongod, tmp_path) as made:
        yield made


def holders(stage: Stage) -> set[str]:
    """Return the holders of the leases."""
    return {lease["holder"].split()[0] for lease in stage.owners.own["leases"].find() if lease["holder"]}


def await_holder(stage: Stage, name: str, seconds: float = START_SECONDS) -> None:
    def check() -> None:
        leases = list(stage.owners.own["leases"].find())
        assert [lease["holder"].split()[:1] for lease in leases] == [[name]] * len(SOURCES)

    eventually(check, seconds)


def held_by(stage: Stage, name: str) -> list[str]:
    """Return the sources whose leases the instance `name` still holds, by MongoDB's clock."""
    lasting = {"holder": {"$regex": f"^{name} "}, "$expr": {"$gt": ["$expires", "$$NOW"]}}
    return [lease["_id"] for lease in stage.owners.own["leases"].find(lasting)]


def check_all_followed(stage: Stage) -> None:
    assert stage.owners.own["positions"].count_documents({}) == len(SOURCES)


def test_kill_9_loses_no_event(stage: Stage) -> None:
    stopped, count = threading.Event(), 0

    def write() -> None:
        nonlocal count
        marks = stage.owners.marks("like")
        for number in itertools.count():
            if stopped.is_set():
                return
            marks.like("ada", f"t3_{number % 50}", "stones", number % 100 < 50)
            count = number + 1

    with stage.capture() as one:
        one.await_leading(stage.owners)
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(KILLS):
                seen = len(stage.rapids.of("like"))
                # In the middle: some are published, others are being published.
                stage.await_events("like", seen + 50)
                one.stop(signal.SIGKILL)
                one.start()
        finally:
            stopped.set()
            writer.join()
        events = stage.await_events("like", count)
    assert len({event.event_id for event in events}) == len(events) == count
    assert [event.version for event in events] == sorted(event.version for event in events)
    assert folded(events).keys() == {f"ada:t3_{number}" for number in range(min(count, 50))}
    for mark in stage.owners.collection("like").find():
        found = folded(events)[mark["_id"]]
        assert (found["liked"], found["revision"]) == (mark["liked"], mark["revision"])


def test_change_published_again_is_the_same_event(stage: Stage) -> None:
    positions = stage.owners.own["positions"]
    with stage.capture() as one:
        one.await_leading(stage.owners)
        early = positions.find_one({"_id": "posts"})
        stage.owners.add_posts(range(100))
        stage.await_events("posts", 100)
        one.stop()
        positions.update_one({"_id": "posts"}, {"$set": {"token": early["token"]}})
        one.start()
        one.await_leading(stage.owners)
        stage.owners.add_posts(range(100, 101))
        events = stage.await_events("posts", 101)
        assert one.metric("capture_events_total") == 101
    # The rapids recognise each event that they have by its id.
    assert [event.key for event in events] == [post(number)["_id"] for number in range(101)]


def test_another_instance_takes_over_after_kill_9_and_at_once_after_sigterm(stage: Stage) -> None:
    likes = stage.owners.marks("like")
    with stage.capture("first") as first:
        first.await_leading(stage.owners)
        with stage.capture("second") as second:
            await_response(second)
            await_leads(first, len(SOURCES))
            await_leads(second, 0)
            first.stop(signal.SIGKILL)
            likes.like("ada", "t3_1", "stones", True)
            stage.await_events("like", 1)
            await_holder(stage, "second")
            first.start()
            await_response(first)
            assert holders(stage) == {"second"}
            second.stop()
            # It ends its leases when it stops, unless they have been taken over already.
            assert not held_by(stage, "second")
            likes.like("ada", "t3_2", "stones", True)
            stage.await_events("like", 2)
            await_holder(stage, "first")
    assert [event.key for event in stage.rapids.of("like")] == ["ada:t3_1", "ada:t3_2"]


def test_suspended_instance_loses_its_lease(stage: Stage) -> None:
    likes = stage.owners.marks("like")
    with stage.capture("first") as first, stage.capture("second") as second:
        await_response(first)
        await_response(second)

        def led() -> str:
            (name,) = holders(stage)
            check_all_followed(stage)
            return name

        # What is written before a source is followed for the first time is no event.
        eventually(lambda: check_all_followed(stage), START_SECONDS)
        # They may have shared the sources: only the one that is left follows all of them.
        first.send(signal.SIGSTOP)
        await_holder(stage, "second")
        likes.like("ada", "t3_1", "stones", True)
        stage.await_events("like", 1)
        terms = {each["_id"]: each["term"] for each in stage.owners.own["leases"].find()}
        first.send(signal.SIGCONT)
        await_response(first)
        likes.like("ada", "t3_2", "stones", True)
        stage.await_events("like", 2)
        assert eventually(led, START_SECONDS) == "second"
        await_leads(first, 0)
        assert {each["_id"]: each["term"] for each in stage.owners.own["leases"].find()} == terms
    assert [event.key for event in stage.rapids.of("like")] == ["ada:t3_1", "ada:t3_2"]


def await_leads(instance: Capture, count: int) -> None:
    """Wait until its metric says that it follows `count` sources; the metric is updated once a second."""

    def check() -> None:
        assert instance.leads() == count

    eventually(check, START_SECONDS)


def await_response(instance: Capture) -> None:
    """Wait until it is up, and has updated its state since."""

    def check() -> None:
        try:
            instance.leads()
        except OSError as error:
            raise AssertionError from error

    eventually(check, START_SECONDS)
