"""Kill every process of a step with -9 again and again while readers write, and check what is stored and
reported.

Only the run itself is not killed, since it starts the others again.
"""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import requests
from pymongo import MongoClient

from tests.drills.marker import Marker, total
from tests.drills.processes import Kind, RunProcesses
from tests.drills.sizes import FULL
from tests.support.client import PASSWORD, Client, Reader, new_reader, sign_in, sign_up
from tests.support.eventually import eventually
from tests.support.responses import expect
from tests.support.running_step import RunningStep
from tests.support.submission import Submission, new_topic, new_word
from workshop.stores.mongod import Mongod

POSTS, LATER = 60, 300
ENDED = 60
"""How many tokens are revoked one after the other."""

MOST_BETWEEN = 100
"""Writes that are acknowledged between two kills at most; often there is none, so that several are down."""

PROGRESS = 60.0
"""The most seconds until writes succeed again and all parts are ready: a bound, not a measurement."""


class SignOuts(threading.Thread):
    """Signs out with one token after the other, and records the tokens that were revoked."""

    def __init__(self, tokens: list[Reader]) -> None:
        super().__init__(daemon=True)
        self.ended: list[Reader] = []
        self.responses: Counter[int | str] = Counter()
        self._tokens = tokens
        self._stop_requested = threading.Event()

    def run(self) -> None:
        for token in self._tokens:
            if self._stop_requested.wait(0.3):
                return
            try:
                response = token.post("/logout")
            except requests.RequestException as error:
                self.responses[type(error).__name__] += 1
                continue
            self.responses[response.status_code] += 1
            if response.status_code in (202, 204):
                self.ended.append(token)

    def stop(self) -> None:
        """Stop after the current request."""
        self._stop_requested.set()
        self.join()


class Loader(threading.Thread):
    """Loads further posts, and tries again when that fails."""

    def __init__(self, running: RunningStep, file: Path, tries: int) -> None:
        super().__init__(daemon=True)
        self.failures: list[str] = []
        self.done = False
        self._running, self._file, self._tries = running, file, tries

    def run(self) -> None:
        while not self.done and len(self.failures) < self._tries:
            try:
                self._running.load(self._file)
                self.done = True
            except AssertionError as error:
                self.failures.append(str(error))


@dataclass
class Chaos:
    """Kills each kind of process, the `extra` kinds once more, while `writers` readers write, until at least
    `acknowledged` writes are acknowledged; then checks the results. A drill smaller than FULL makes only
    `kills` kills, first of the `extra` kinds.
    """

    running: RunningStep
    folder: Path
    seed: str
    acknowledged: int
    writers: int
    extra: list[Kind]
    kills: int
    killed: Counter[Kind] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.processes = RunProcesses(self.running)
        self.posts = load_posts(self.running, self.folder)
        self.later = _write_posts(self.folder / "later.ndjson", LATER)
        url = self.running.url
        self.markers = [
            Marker(new_reader(url), self.posts, f"{self.seed} {number}") for number in range(self.writers)
        ]
        name = sign_up(url)
        self.sign_outs = SignOuts([Reader(url, name, sign_in(url, name, PASSWORD)) for _ in range(ENDED)])
        self._draw = random.Random(self.seed)

    def run(self) -> None:
        """Write and kill. Raises AssertionError when writes no longer succeed."""
        kinds = self._kinds()
        self.loader = Loader(self.running, self.folder / "later.ndjson", len(kinds))
        for each in (*self.markers, self.sign_outs):
            each.start()
        try:
            for number, kind in enumerate(kinds):
                if number == len(kinds) // 3:
                    self.loader.start()
                draw = self._draw
                between = draw.choice((0, draw.randint(1, MOST_BETWEEN), draw.randint(1, MOST_BETWEEN)))
                self._await_writes(total(self.markers).acknowledged + between)
                eventually(lambda kind=kind: self.processes.kill(kind), PROGRESS)
                self.killed[kind] += 1
            self._await_writes(max(self.acknowledged, total(self.markers).acknowledged + MOST_BETWEEN))
        finally:
            for each in (*self.markers, self.sign_outs):
                each.stop()
        self.loader.join(PROGRESS)

    def check_responses(self) -> None:
        """Check that nothing acknowledged is lost, that clients got allowed responses only, and that what was
        loaded meanwhile is there. Call it when all is well again.
        """
        found = total(self.markers)
        wrong = [text for each in self.markers for text in each.wrong()]
        alive = [each for each in self.sign_outs.ended if each.get("/me").status_code != 401]
        print(
            f"{self.killed.total()} kills of {len(self.killed)} kinds: "
            f"{ {str(kind): count for kind, count in self.killed.items()} }; "
            f"acknowledged {found.acknowledged}, wrong {len(wrong)}; "
            f"unknown {sum(len(each.unknown) for each in self.markers)}; responses {dict(found.responses)}; "
            f"signed out {len(self.sign_outs.ended)}, still good {len(alive)}, "
            f"responses {dict(self.sign_outs.responses)}; "
            f"posts loaded meanwhile {len(self.later)} after {len(self.loader.failures)} failures; "
            f"slowest {found.slowest:.1f} s"
        )
        assert wrong == []
        assert alive == []
        assert self.loader.done, self.loader.failures
        assert not [text for text in self.loader.failures if "Traceback" in text]
        assert found.acknowledged >= self.acknowledged
        assert self.killed.total() >= self.kills
        assert not FULL or {*self.processes.kinds()} == {*self.killed}
        assert self.sign_outs.ended
        lost_responses = {"refused", "ConnectionError", "ChunkedEncodingError"}
        assert set(found.responses) | set(self.sign_outs.responses) <= {
            200,
            202,
            204,
            503,
            504,
            *lost_responses,
        }
        assert found.without_retry_after == 0
        assert self.running.running

    def _kinds(self) -> list[Kind]:
        there = self.processes.kinds()
        self._draw.shuffle(there)
        kinds = [*self.extra, *there]
        if not FULL:
            kinds = list(dict.fromkeys(kinds))[: self.kills]
        self._draw.shuffle(kinds)
        return kinds

    def _await_writes(self, least: int) -> None:
        while (reached := total(self.markers).acknowledged) < least:

            def check(goal: int = min(least, reached + MOST_BETWEEN)) -> None:
                assert total(self.markers).acknowledged >= goal, total(self.markers)

            eventually(check, PROGRESS)


@contextmanager
def all_stores(
    running: RunningStep, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MongoClient[dict[str, Any]]]:
    """Yield a client for the databases of all services."""
    for name in ("WORKSHOP_STATE", "MONGO_PORT"):
        monkeypatch.setenv(name, running.environment[name])
    with Mongod().admin() as client:
        yield client


def await_all_ready(running: RunningStep) -> None:
    """Wait until every part of the face is ready."""
    client = Client(running.url)

    def check() -> None:
        try:
            parts = expect(client.get("/health/ready", timeout=30), 200).json()["parts"]
        except requests.RequestException as error:
            raise AssertionError(str(error)) from error
        assert set(parts.values()) == {"ok"}, parts

    eventually(check, PROGRESS)


def await_nothing(found: Callable[[], list[str]]) -> None:
    """Wait until nothing is found."""

    def check() -> None:
        there = found()
        assert not there, (len(there), there[:5])

    eventually(check, PROGRESS)


def _write_posts(file: Path, number: int) -> list[str]:
    word, topic = new_word(), new_topic()
    made = [Submission(f"{word} {each}", topic, 1_600_000_000 + each) for each in range(number)]
    file.write_text("".join(each.line() for each in made), encoding="utf-8")
    return [each.post_id for each in made]


def load_posts(running: RunningStep, folder: Path) -> list[str]:
    """Load posts, and wait until all services have them."""
    posts = _write_posts(folder / "posts.ndjson", POSTS)
    running.load(folder / "posts.ndjson")
    reader = new_reader(running.url)

    def known() -> None:
        for post, verb in product(posts, ("tags/red", "like", "hide")):
            expect(reader.delete(f"/posts/{post}/{verb}"), 200)

    eventually(known, PROGRESS)
    return posts
