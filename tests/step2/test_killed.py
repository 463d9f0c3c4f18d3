"""Processes are killed with -9 while requests are sent: they are started again, and nothing is lost."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.step2.running_parts import ARRIVED_SECONDS, Parts
from tests.step2.scaling import Stage, calling, is_live
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from tests.support.killed_run import SHARED
from tests.support.responses import expect
from tests.support.submission import Submission, new_topic, new_word
from tests.support.writer import Writer

pytestmark = pytest.mark.drill

POSTS = 3
WRITES = 40
"""Writes that are acknowledged before and after a kill."""

BACK_SECONDS = 60.0


@pytest.fixture
def stage(parts: Parts) -> Stage:
    return parts.stage


@pytest.mark.parametrize("killed", ["sync", "recommend", "tag"])
def test_copies_are_complete_after_any_kill(parts: Parts, member: Reader, killed: str) -> None:
    writer = Writer(member, [post.post_id for post in parts.posts])
    writer.start()
    try:
        writer.await_more(WRITES)
        before = parts.processes(killed)
        for process in before:
            process.kill()

        def back() -> None:
            assert before[0].pid not in {each.pid for each in parts.processes(killed)}
            assert is_live(parts.url(killed))

        eventually(back, ARRIVED_SECONDS)
        writer.await_more(WRITES)
    finally:
        writer.stop()
    parts.await_copies()
    there = {
        (mark["post"], tag)
        for mark in parts.collection("recommend", "marks").find({"reader": member.username})
        for tag in mark["tags"]
    }
    assert set(writer.acknowledged) <= there
    assert set(writer.responses) <= {200, 503, 504}, writer.responses
    assert writer.without_retry_after == 0


def test_no_request_is_lost_while_an_instance_is_killed(stage: Stage) -> None:
    with calling(stage, "like") as caller:
        stage.workshop("scale", "like=3")
        eventually(lambda: expect_called(stage, caller.called), BACK_SECONDS)
        stage.workshop("scale", "like=1")
    assert set(caller.responses) == {200}, caller.responses


def expect_called(stage: Stage, called: set[str]) -> None:
    assert set(stage.urls("like")) <= called


def test_killed_instance_is_back_at_its_address_and_stays_listed(stage: Stage) -> None:
    url = stage.urls("like")[0]
    killed = stage.pids()[url]
    os.kill(killed, signal.SIGKILL)

    def back() -> None:
        assert stage.urls("like") == [url]
        assert stage.pids().get(url, killed) != killed
        assert is_live(url)

    eventually(back, BACK_SECONDS)
    assert "like was killed by SIGKILL" in stage.running.output
    assert "like is started again" in stage.running.output


def test_a_killed_face_is_back(stage: Stage) -> None:
    run = stage.run()
    instances = set(stage.pids().values())
    face = next(
        each
        for each in run.children()
        if each.pid not in instances and not any(part in " ".join(each.cmdline()) for part in SHARED)
    )
    face.kill()

    def back() -> None:
        assert not face.is_running() or face.status() == psutil.STATUS_ZOMBIE
        assert is_live(stage.running.url)

    eventually(back, BACK_SECONDS)
    assert stage.running.running


def test_a_killed_mongod_is_back_with_its_data(stage: Stage, tmp_path: Path) -> None:
    word = new_word()
    file = tmp_path / "posts.ndjson"
    posts = [Submission(f"{word} {number}", new_topic(), 1_600_000_000 + number) for number in range(POSTS)]
    file.write_text("".join(each.line() for each in posts), encoding="utf-8")
    stage.running.load(file)
    killed = stage.mongod
    os.kill(killed, signal.SIGKILL)

    def back() -> None:
        assert "mongod is up again" in stage.running.output
        assert stage.mongod != killed
        expect(Client(stage.running.url).get("/health/ready"), 200)
        for each in posts:
            expect(Client(stage.running.url).get(f"/posts/{each.post_id}"), 200)

    eventually(back, BACK_SECONDS)
    assert stage.running.running
