"""The gateway and every service of step 3 are replaced one by one under requests at a constant rate, and none
of these fails.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.drills.sender import Sender, sending
from tests.support.client import Client, new_reader
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep
from tests.support.submission import Submission, new_topic, new_word
from tests.support.workshop_command import call
from workshop.steps import read_step

pytestmark = [pytest.mark.drill, pytest.mark.slow, pytest.mark.only_step(3), pytest.mark.timeout(900)]


VISITORS, READERS, WRITERS = 35.0, 10.0, 10.0
"""Requests a second for each path, 100 in all."""

POSTS = 12
PATIENCE = 30.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStep]:
    with RunningStep(3, tmp_path / "state", {"STONES_LOG_LEVEL": "ERROR"}) as running:
        yield running


@pytest.fixture
def word(running: RunningStep, tmp_path: Path) -> str:
    """A word in POSTS posts, and in all posts of the newest page."""
    word = new_word()
    made = [Submission(f"{word} {each}", new_topic(), 1_600_000_000 + each) for each in range(POSTS)]
    file = tmp_path / "posts.ndjson"
    file.write_text("".join(each.line() for each in made), encoding="utf-8")
    running.load(file)

    def there() -> None:
        for path in (f"/search?q={word}", "/"):
            assert Client(running.url).json(path)["_meta"]["total"] == POSTS

    eventually(there, PATIENCE)
    return word


def test_no_request_fails_while_all_services_are_replaced(running: RunningStep, word: str) -> None:
    services = sorted(read_step(3).services, key=lambda name: name != "gateway")
    reader = new_reader(running.url)
    post = Client(running.url).items("/")[0]["_id"]
    pages = [f"/search?q={word}", "/"]
    spent: dict[str, float] = {}
    with ExitStack() as stack:

        def send(path: str, rate: float, token: str | None = None, method: str = "GET") -> Sender:
            return stack.enter_context(sending(running.url, path, rate, token, method))

        senders = [send(path, VISITORS) for path in pages]
        senders += [send(path, READERS, reader.token) for path in pages]
        writer = send(f"/posts/{post}/like", WRITERS, reader.token, "PUT")
        for service in services:
            began = time.monotonic()
            call(["replace", "--step", "3", service], running.environment)
            spent[service] = time.monotonic() - began
    print({name: round(seconds, 1) for name, seconds in spent.items()})
    for sender in (*senders, writer):
        _report(sender)
    for sender in senders:
        assert set(sender.outcomes()) == {200}, sender.refusals()
        assert {each.total for each in sender.responses} == {POSTS}
    assert set(writer.outcomes()) <= {200, 202}, writer.refusals()
    assert reader.json(f"/posts/{post}")["liked"]
    assert {"gateway", "web", "capture", "search", "list", "like"} <= {*services}


def _report(sender: Sender) -> None:
    responses = sender.responses
    span = max(each.due for each in responses) - min(each.due for each in responses)
    print(
        f"{len(responses)} requests in {span:.1f} s; outcomes {dict(sender.outcomes())}; "
        f"the sender's worst lag {max(each.lag for each in responses) * 1000:.0f} ms"
    )
