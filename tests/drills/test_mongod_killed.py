"""mongod is killed with -9 under writes.

The face reports it in time, recovers by itself, and loses no write that it acknowledged.
"""

import json
import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.support.browser import Browser
from tests.support.client import Client, new_reader
from tests.support.eventually import eventually
from tests.support.responses import expect, expect_error, expect_retry_after
from tests.support.running_step import RunningStep
from tests.support.submission import Submission, new_topic, new_word
from tests.support.workshop_command import Command
from tests.support.writer import Writer

pytestmark = pytest.mark.drill

WRITERS = 4
POSTS = 80
WARM_UP = 200
"""Acknowledged writes before the kill, and after the return."""

PATIENCE = 30.0
"""The most seconds until a response while the database is away: a bound, not a measurement."""

RECOVERY = 60.0


@dataclass
class Stage:
    """A step, and what keeps its MongoDB up: a process of its own, so that one can die without the other."""

    running: RunningStep
    keepers: ExitStack

    def start_mongod(self) -> Command:
        """Start MongoDB, or start it again."""
        return self.keepers.enter_context(Command(["mongod"], self.running.environment))

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Kill MongoDB with SIGKILL, and hold its port so that nothing can start it again inside the block.

        A power cut would be worse: here the operating system still writes to disk what MongoDB gave it.
        """
        state = Path(self.running.environment["WORKSHOP_STATE"])
        mongod = psutil.Process(json.loads((state / "mongod.pid.json").read_text())["pid"])
        run = self.running.process
        with socket.socket() as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            run.suspend()  # it might start MongoDB again at once
            try:
                mongod.kill()
                # Its sockets exist until its last thread has ended.
                eventually(lambda: bind(held, self.running.ports["MONGO_PORT"]), PATIENCE)
            finally:
                run.resume()
            # Runs that start from now on must not share it.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
            yield


def bind(held: socket.socket, port: int) -> None:
    try:
        held.bind(("127.0.0.1", port))
    except OSError as error:
        raise AssertionError(f"port {port}: {error}") from None


@pytest.fixture
def stage(step: int, tmp_path: Path) -> Iterator[Stage]:
    # The keepers end last: only the process that started a shared server surely stops it.
    with ExitStack() as keepers:
        yield Stage(RunningStep(step, tmp_path / "state"), keepers)


def load(running: RunningStep, folder: Path) -> list[str]:
    word, topic = new_word(), new_topic()
    made = [Submission(f"{word} {number}", topic, 1_600_000_000 + number) for number in range(POSTS)]
    file = folder / "posts.ndjson"
    file.write_text("".join(each.line() for each in made), encoding="utf-8")
    running.load(file)

    def loaded() -> None:
        assert len(Client(running.url).all_items("/search", q=word)) == POSTS

    eventually(loaded, PATIENCE)
    return [each.post_id for each in made]


def total(writers: list[Writer]) -> Counter[int | str]:
    return sum((each.responses for each in writers), Counter())


def await_writes(writers: list[Writer], least: int) -> None:
    """Wait until so many writes are acknowledged."""

    def check() -> None:
        assert total(writers)[200] >= least, total(writers)

    eventually(check, RECOVERY)


def check_outage(url: str) -> None:
    """Check that the face lives, says what is missing, and responds in time."""
    client = Client(url)

    def is_refused() -> None:
        expect_retry_after(client.get("/", timeout=PATIENCE), 503)

    eventually(is_refused, PATIENCE)
    paths = ("/search?q=stone", "/recommended", "/posts/t3_zzzzzzzzzzz")
    with ThreadPoolExecutor(len(paths) + 1) as pool:
        page = pool.submit(Browser(url).get, "/", timeout=PATIENCE)
        for response in pool.map(lambda path: Client(url).get(path, timeout=PATIENCE), paths):
            expect_retry_after(response, 503)
        expect(page.result(), 503)
    expect_error(client.get("/?page=0", timeout=PATIENCE), 400)
    assert expect(client.get("/health/live", timeout=PATIENCE), 200).json() == {"_status": "OK"}
    ready = expect(client.get("/health/ready", timeout=PATIENCE), 503).json()
    assert ready["_status"] == "ERR"
    assert "down" in ready["parts"].values()


def test_no_acknowledged_write_is_lost(stage: Stage, tmp_path: Path) -> None:
    keeper = stage.start_mongod()
    with stage.running as running:
        posts = load(running, tmp_path)
        writers = [Writer(new_reader(running.url), posts) for _ in range(WRITERS)]
        for each in writers:
            each.start()
        await_writes(writers, WARM_UP)

        with stage.outage():
            killed = time.monotonic()
            assert keeper.wait(PATIENCE) != 0, "the keeper says that its mongod has died"
            check_outage(running.url)
            before = total(writers)[200]
        stage.start_mongod()
        client = Client(running.url)
        eventually(lambda: expect(client.get("/health/ready"), 200), RECOVERY)
        eventually(lambda: expect(client.get("/"), 200), RECOVERY)
        away = time.monotonic() - killed
        await_writes(writers, before + WARM_UP)
        for each in writers:
            each.stop()
        responses, slowest = total(writers), max(each.slowest for each in writers)
        missing = [lost for each in writers for lost in each.missing()]
        print(
            f"acknowledged {responses[200]}, {before} of them before the return; lost {len(missing)}; "
            f"responses {dict(responses)}; slowest {slowest:.1f} s; away {away:.1f} s"
        )
        # The run may have started it again, for all that use it.
        running.stop(still_used=("mongod",))
    assert missing == []
    assert set(responses) <= {200, 503, 504}, responses
    assert responses[503] > 0, "nobody wrote while the database was away"
    assert sum(each.without_retry_after for each in writers) == 0
    assert slowest < PATIENCE
