"""A service of step 3 that takes five seconds for each response does not slow the others down; a dead one is
reported at once.
"""

import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pytest

from tests.drills.impostor import announced
from tests.drills.processes import RunProcesses
from tests.drills.sender import Sender, sending
from tests.drills.slow_server import slow_server
from tests.step3.running_parts import Stage
from tests.support.client import Client, Reader, new_reader
from tests.support.eventually import eventually
from tests.support.responses import expect
from tests.support.running_step import RunningStep
from tests.support.submission import Submission, new_topic, new_word
from workshop.testbed.step import without_service

pytestmark = [pytest.mark.drill, pytest.mark.slow, pytest.mark.only_step(3), pytest.mark.timeout(600)]


SLOW_SECONDS = 5.0
REQUESTS, RATE = 100, 8.0
"""How many requests the others get, and how many a second."""

PATIENCE = 30.0


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with RunningStep(3, tmp_path / "state", {"STONES_LOG_LEVEL": "ERROR"}) as running:
        file, topic = tmp_path / "posts.ndjson", new_topic()
        made = [Submission(f"{new_word()} {each}", topic, 1_600_000_000 + each, ups=99) for each in range(12)]
        file.write_text("".join(each.line() for each in made), encoding="utf-8")
        running.load(file)
        yield Stage(running)


@pytest.fixture
def reader(stage: Stage) -> Reader:
    reader = new_reader(stage.running.url)

    def sees_posts() -> None:
        for post in reader.items("/"):
            expect(reader.put(f"/posts/{post['_id']}/like"), 200)
        assert len(reader.items("/recommended")) == 12

    eventually(sees_posts, PATIENCE)
    return reader


def seconds_of_others(reader: Reader, also: Sequence[Sender] = ()) -> list[float]:
    """Return how long responses of other verbs take; all of them are good."""
    post = reader.items("/")[0]["_id"]
    requested = [("/", "GET"), ("/search?q=python", "GET"), (f"/posts/{post}/like", "PUT")]
    with ExitStack() as stack:
        senders = [
            stack.enter_context(sending(reader.url, path, RATE, reader.token, method))
            for path, method in requested
        ]

        def enough() -> None:
            assert all(len(each.responses) >= REQUESTS for each in senders)

        eventually(enough, 4 * PATIENCE)
    for each in senders:
        assert set(each.outcomes()) == {200}, each.outcomes()
    return sorted(response.seconds for each in senders for response in each.responses)


def in_registry(stage: Stage, *names: str) -> None:
    eventually(lambda: expect_instances(stage, {*names}), PATIENCE)


def expect_instances(stage: Stage, names: set[str]) -> None:
    assert set(stage.instances("recommend")) == names


def p99(seconds: Sequence[float]) -> float:
    return seconds[int(len(seconds) * 0.99)]


def test_slow_service_slows_no_other_and_a_dead_one_is_refused_at_once(stage: Stage, reader: Reader) -> None:
    body = reader.get("/recommended").content
    nats = stage.running.ports["NATS_PORT"]
    nats_url = f"nats://recommend:{stage.secret('nats user recommend')}@127.0.0.1:{nats}"
    before = seconds_of_others(reader)
    url = stage.running.url
    with without_service(RunProcesses(stage.running).run, "recommend"):
        in_registry(stage)
        with slow_server(body, SLOW_SECONDS) as slow, announced("recommend", slow, nats_url) as name:
            in_registry(stage, name)
            with sending(url, "/recommended", RATE, reader.token) as patient:
                while_slow = seconds_of_others(reader)
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))  # and nobody listens
            with announced("recommend", f"http://127.0.0.1:{held.getsockname()[1]}", nats_url) as name:
                in_registry(stage, name)
                dead = [seconds_until_refused(url) for _ in range(30)]
                while_dead = seconds_of_others(reader)
    print(
        f"p99 of others {p99(before):.3f} s, beside a slow service {p99(while_slow):.3f} s, "
        f"beside a dead one {p99(while_dead):.3f} s; the slow one {dict(patient.outcomes())}; "
        f"a dead one refused after {median(dead):.3f} s (median), {max(dead):.3f} s at most"
    )
    # It is much less, as printed: no other request has waited for the slow one.
    assert p99(while_slow) < SLOW_SECONDS
    assert median(dead) < SLOW_SECONDS
    assert set(patient.outcomes()) <= {200, 503, 504}


def seconds_until_refused(url: str) -> float:
    began = time.monotonic()
    response = expect(Client(url).get("/recommended"), 503)
    assert response.headers["Retry-After"].isdecimal()
    return time.monotonic() - began
