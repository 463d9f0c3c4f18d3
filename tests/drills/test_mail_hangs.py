"""Mail hangs while many readers share posts: who waits for it, and who does not."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest
import requests

from tests.drills.sizes import FULL
from tests.support.client import new_reader
from tests.support.eventually import PATIENCE, eventually, holds
from tests.support.running_step import QUIET, RunningStep
from tests.support.workshop_command import call
from workshop.experiment.readers import SharingReader
from workshop.experiment.searches import Search, Searches

pytestmark = pytest.mark.drill

READERS = 40
"""More than twice as many as there are threads for the face at steps 0 to 2."""

THREADS = 8
"""Of one worker. At least so many mails wait at a time when nobody else gets a thread."""

BLOCKED_SECONDS = 2.0
"""A search that takes so long waits for something. It takes a few hundredths of it if it does not."""


@contextmanager
def searching_while_mail_hangs(number: int, folder: Path) -> Iterator[tuple[RunningStep, Searches]]:
    """Yield a step whose threads for mail are all occupied, and searches that go on all the time."""
    running, ended = RunningStep(number, folder, QUIET), Event()
    running.workshop_load("--generate", "60")
    with running, ThreadPoolExecutor(READERS + 1) as pool:
        headers = [dict(new_reader(running.url).session.headers) for _ in range(READERS + 1)]
        found = requests.get(running.url, headers=headers[0], timeout=PATIENCE).json()
        posts = [each["_id"] for each in found["_items"]]
        searches = Searches(running.url, headers[0], ["test"], rate=5.0)
        call(["hang", "mail", "10m"], running.environment)
        try:
            for each in headers[1:]:
                pool.submit(SharingReader(running.url, each, posts).share, ended, 0.0)

            eventually(holds(lambda: waiting_mails(running) >= THREADS))
            pool.submit(searches.send, ended, None)
            yield running, searches
        finally:
            ended.set()
            call(["hang", "mail", "undo"], running.environment)


def waiting_mails(running: RunningStep) -> int:
    return int(requests.get(f"{running.mail_url}/api/hang", timeout=PATIENCE).json()["waiting"])


def is_stuck(search: Search) -> bool:
    return not search.has_ended and search.age() > BLOCKED_SECONDS


def ended_since(searches: Searches, moment: float) -> list[Search]:
    return [each for each in list(searches.sent) if each.has_ended and each.due > moment]


@pytest.mark.parametrize("number", [0, *([1, 2] if FULL else [])])
def test_searches_wait_until_mail_is_quick_again(number: int, tmp_path: Path) -> None:
    with searching_while_mail_hangs(number, tmp_path) as (running, searches):
        eventually(holds(lambda: any(is_stuck(each) for each in list(searches.sent))))
        call(["hang", "mail", "undo"], running.environment)
        undone = time.monotonic()
        eventually(holds(lambda: 200 in {each.status for each in ended_since(searches, undone)}))


@pytest.mark.only_step(3)
def test_searches_of_step_3_do_not_wait_for_mail(tmp_path: Path) -> None:
    with searching_while_mail_hangs(3, tmp_path) as (running, searches):
        eventually(holds(lambda: len(ended_since(searches, 0.0)) >= 50))
        assert {each.status for each in ended_since(searches, 0.0)} == {200}
        eventually(holds(lambda: waiting_mails(running) > 0))
