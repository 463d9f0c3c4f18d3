"""The database is killed with -9 under writes: none acknowledged is lost, and nobody has to mend anything."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.answers import expect, expect_retry_after
from tests.support.client import Client, Reader, new_reader
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep
from tests.support.workshop_command import Command

WRITERS = 4
KILLS = 3
LONGEST_ANSWER = 10.0
"""Seconds: longer than every time-out of the face put together, so that a hang is told from patience."""

RECOVERY = 60.0


class Writer(threading.Thread):
    """One reader who puts tag after tag on a post, and notes what became of each."""

    def __init__(self, reader: Reader, posts: list[str], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.reader, self.posts, self.stop = reader, posts, stop
        self.acknowledged: dict[str, set[str]] = {post: set() for post in posts}
        self.statuses: dict[int, int] = {}
        self.slowest = 0.0
        self.failures: list[str] = []

    def run(self) -> None:
        number = 0
        while self.posts and not self.stop.is_set():
            post, tag = self.posts[0], f"n{number}"
            number += 1
            began = time.monotonic()
            try:
                answer = self.reader.put(f"/posts/{post}/tags/{tag}")
            except requests.RequestException as error:
                self.failures.append(repr(error))
                continue
            self.slowest = max(self.slowest, time.monotonic() - began)
            self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
            if answer.status_code == 200:
                self.acknowledged[post].add(tag)
            elif answer.status_code == 422:  # fifty tags are on it: begin again with one that has none
                self.posts = self.posts[1:]
            elif answer.status_code != 504:
                try:
                    expect_retry_after(answer, 503)
                except AssertionError as error:
                    self.failures.append(str(error))


@pytest.fixture
def running(step: int, tmp_path: Path) -> Iterator[RunningStep]:
    yield RunningStep(step, tmp_path / "state")


def test_mongod_killed_under_writes(running: RunningStep) -> None:
    keeper = Command(["mongod"], running.environment)
    with keeper, running:
        running.workshop_load("--generate", "400")
        visitor = Client(running.url)
        posts = [post["_id"] for page in (1, 2) for post in visitor.items("/", page=page, max_results=50)]
        stop = threading.Event()
        share = len(posts) // WRITERS
        writers = [
            Writer(new_reader(running.url), posts[n * share : (n + 1) * share], stop) for n in range(WRITERS)
        ]
        for each in writers:
            each.start()
        try:
            for _ in range(KILLS):
                wait_for_writes(writers)
                kill_mongod(Path(running.environment["WORKSHOP_STATE"]))
                assert keeper.wait(30) == 1
                assert "mongod has died" in keeper.output
                without_a_database(visitor)
                keeper.start()
                eventually(lambda: expect(visitor.get("/health/ready"), 200), RECOVERY)
            wait_for_writes(writers)
        finally:
            stop.set()
            for each in writers:
                each.join(60)
        report(writers)
        assert not [failure for each in writers for failure in each.failures]
        assert max(each.slowest for each in writers) < LONGEST_ANSWER
        assert sum(each.statuses.get(503, 0) for each in writers) > 0, "no write met the outage"
        lost = {
            (post, tag)
            for each in writers
            for post, tags in each.acknowledged.items()
            for tag in tags - set(each.reader.json(f"/posts/{post}")["tags"])
        }
        assert not lost
        assert running.running


def wait_for_writes(writers: list[Writer]) -> None:
    """Until every writer has had a few more writes acknowledged."""
    before = [each.statuses.get(200, 0) for each in writers]

    def check() -> None:
        for each, count in zip(writers, before, strict=True):
            assert each.statuses.get(200, 0) >= count + 10, each.statuses

    eventually(check, RECOVERY)


def kill_mongod(state: Path) -> None:
    """kill -9, as the kernel does when memory runs out."""
    process = psutil.Process(json.loads((state / "mongod.pid.json").read_text())["pid"])
    process.kill()
    psutil.wait_procs([process], timeout=20)


def without_a_database(visitor: Client) -> None:
    """What the face says meanwhile."""
    expect(visitor.get("/health/live"), 200)
    ready = expect(visitor.get("/health/ready"), 503)
    assert ready.json()["parts"]["mongodb"] == "down"
    assert int(ready.headers["Retry-After"]) >= 1
    began = time.monotonic()
    expect_retry_after(visitor.get("/"), 503)
    page = visitor.get("/", headers={"Accept": "text/html"})
    expect(page, 503)
    assert "Traceback" not in page.text
    assert time.monotonic() - began < 2 * LONGEST_ANSWER


def report(writers: list[Writer]) -> None:
    statuses: dict[int, int] = {}
    for each in writers:
        for status, count in each.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    slowest = max(each.slowest for each in writers)
    told = ", ".join(f"{count} times {status}" for status, count in sorted(statuses.items()))
    print(f"\n{KILLS} kills under {WRITERS} writers: {told}; slowest answer {slowest:.1f} s")
