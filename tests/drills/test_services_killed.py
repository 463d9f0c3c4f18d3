"""Every process of step 2, mongod included, is killed with -9 again and again while readers write.

No write that was acknowledged is lost, none counts twice, and in the end all copies are what their owners
have. Only the run itself is spared, since it is what starts the others again. The order is drawn from
DRILL_SEED; without it from a new one, which is printed.
"""

import os
import random
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import requests
from pymongo import MongoClient

from tests.drills.copies import all_differences, documents, twice
from tests.drills.family import Family, Kind
from tests.drills.marker import Marker, total
from tests.support.answers import expect
from tests.support.client import PASSWORD, Client, Reader, new_reader, sign_in, sign_up
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep
from tests.support.submission import Submission, new_topic, new_word
from workshop.stores.mongod import Mongod

ONLY_STEP = 2
"""See tests/conftest.py."""

pytestmark = pytest.mark.timeout(900)

WRITERS, POSTS, LATER = 4, 60, 300
ACKNOWLEDGED = 2_000
KILLS = 20
MONGOD_KILLS = 3
ENDED = 60
"""Tokens that are ended one after the other."""

MOST_BETWEEN = 100
"""Writes that are acknowledged between two kills at most; often there is none, so that several are down."""

PROGRESS = 60.0
"""Seconds within which writes go on, and all is well again: not a measure, a bound."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStep]:
    settings = {"FAILED_SIGN_INS_PER_MINUTE": "100000", "LOG_LEVEL": "ERROR"}
    with RunningStep(2, tmp_path / "state", settings) as running:
        yield running


@pytest.fixture
def stores(running: RunningStep, monkeypatch: pytest.MonkeyPatch) -> Iterator[MongoClient[dict[str, Any]]]:
    """All services' databases."""
    for name in ("WORKSHOP_STATE", "MONGO_PORT"):
        monkeypatch.setenv(name, running.environment[name])
    with Mongod().admin() as client:
        yield client


def write_posts(file: Path, number: int) -> list[str]:
    word, topic = new_word(), new_topic()
    made = [Submission(f"{word} {each}", topic, 1_600_000_000 + each) for each in range(number)]
    file.write_text("".join(each.line() for each in made), encoding="utf-8")
    return [each.post_id for each in made]


def load(running: RunningStep, folder: Path) -> list[str]:
    """Posts that all who are to mark them know of."""
    posts = write_posts(folder / "posts.ndjson", POSTS)
    running.load(folder / "posts.ndjson")
    reader = new_reader(running.url)

    def known() -> None:
        for post, verb in product(posts, ("tags/red", "like", "hide")):
            expect(reader.delete(f"/posts/{post}/{verb}"), 200)

    eventually(known, PROGRESS)
    return posts


class Leaver(threading.Thread):
    """Somebody who signs out again and again, on all devices they ever had."""

    def __init__(self, url: str, tokens: list[Reader]) -> None:
        super().__init__(daemon=True)
        self.ended: list[Reader] = []
        self.answers: Counter[int | str] = Counter()
        self._tokens = tokens
        self._stop_asked = threading.Event()

    def run(self) -> None:
        for token in self._tokens:
            if self._stop_asked.wait(0.3):
                return
            try:
                answer = token.post("/logout")
            except requests.RequestException as error:
                self.answers[type(error).__name__] += 1
                continue
            self.answers[answer.status_code] += 1
            if answer.status_code == 204:
                self.ended.append(token)

    def stop(self) -> None:
        """End after the request that is on its way."""
        self._stop_asked.set()
        self.join()


class Loader(threading.Thread):
    """Loads further posts, as somebody does who tries again when it fails."""

    def __init__(self, running: RunningStep, file: Path) -> None:
        super().__init__(daemon=True)
        self.failures: list[str] = []
        self.done = False
        self._running, self._file = running, file

    def run(self) -> None:
        while not self.done and len(self.failures) < KILLS:
            try:
                self._running.load(self._file)
                self.done = True
            except AssertionError as error:
                self.failures.append(str(error))


def plan(family: Family, draw: random.Random) -> list[Kind]:
    """Each kind of process once, mongod a few times more, in a random order."""
    kinds = family.kinds()
    kinds += [Kind("mongod")] * (MONGOD_KILLS - 1)
    draw.shuffle(kinds)
    return kinds


def test_nothing_acknowledged_is_lost_and_all_stores_are_equal(
    running: RunningStep, stores: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    seed = os.environ.get("DRILL_SEED") or secrets.token_hex(4)
    print(f"DRILL_SEED={seed}")
    draw = random.Random(seed)
    posts, later = load(running, tmp_path), write_posts(tmp_path / "later.ndjson", LATER)
    family = Family(running)
    markers = [Marker(new_reader(running.url), posts, f"{seed} {number}") for number in range(WRITERS)]
    name = sign_up(running.url)
    devices = [Reader(running.url, name, sign_in(running.url, name, PASSWORD)) for _ in range(ENDED)]
    leaver, loader = Leaver(running.url, devices), Loader(running, tmp_path / "later.ndjson")
    killed: Counter[Kind] = Counter()

    def await_writes(least: int) -> None:
        def check() -> None:
            assert total(markers).acknowledged >= least, total(markers)

        eventually(check, PROGRESS)

    kinds = plan(family, draw)
    for each in (*markers, leaver):
        each.start()
    try:
        for number, kind in enumerate(kinds):
            if number == len(kinds) // 3:
                loader.start()
            between = draw.choice((0, draw.randint(1, MOST_BETWEEN), draw.randint(1, MOST_BETWEEN)))
            await_writes(total(markers).acknowledged + between)
            eventually(lambda kind=kind: family.kill(kind), PROGRESS)
            killed[kind] += 1
        await_writes(max(ACKNOWLEDGED, total(markers).acknowledged + MOST_BETWEEN))
    finally:
        for each in (*markers, leaver):
            each.stop()
    loader.join(PROGRESS)

    client = Client(running.url)
    eventually(lambda: expect_all_ready(client), PROGRESS)
    relations = f"http://127.0.0.1:{running.ports['STEP2_SYNC_PORT']}"
    eventually(lambda: expect_following(relations), PROGRESS)
    eventually(lambda: expect_equal(stores), PROGRESS)

    told = total(markers)
    wrong = [text for each in markers for text in each.wrong()]
    doubled = twice(stores)
    alive = [each for each in leaver.ended if each.get("/me").status_code != 401]
    marks = {owner: len(documents(stores, owner, "tags")) for owner in ("tag", "like", "hide")}
    print(
        f"{killed.total()} kills, {killed[Kind('mongod')]} of them of mongod, {len(killed)} kinds; "
        f"acknowledged {told.acknowledged}, wrong {len(wrong)}, twice {len(doubled)}; "
        f"unknown {sum(len(each.unknown) for each in markers)}; answers {dict(told.answers)}; "
        f"signed out {len(leaver.ended)}, still good {len(alive)}, answers {dict(leaver.answers)}; "
        f"posts loaded meanwhile {len(later)} after {len(loader.failures)} failures; documents {marks}; "
        f"slowest {told.slowest:.1f} s"
    )
    assert wrong == []
    assert doubled == []
    assert alive == []
    assert loader.done, loader.failures
    assert not [text for text in loader.failures if "Traceback" in text]
    assert told.acknowledged >= ACKNOWLEDGED
    assert killed.total() >= KILLS
    assert {*family.kinds()} == {*killed}
    assert set(documents(stores, "search", "posts")) == {*posts, *later}
    assert leaver.ended
    lost_answers = {"refused", "ConnectionError", "ChunkedEncodingError"}
    assert set(told.answers) | set(leaver.answers) <= {200, 204, 503, 504, *lost_answers}
    assert told.without_retry_after == 0
    assert running.running


def expect_all_ready(client: Client) -> None:
    try:
        parts = expect(client.get("/health/ready", timeout=10), 200).json()["parts"]
    except requests.RequestException as error:
        raise AssertionError(str(error)) from error
    assert set(parts.values()) == {"ok"}, parts


def expect_equal(stores: MongoClient[dict[str, Any]]) -> None:
    found = all_differences(stores)
    assert not found, (len(found), found[:5])


def expect_following(url: str) -> None:
    relations = Client(url).all_items("/relations")
    behind = [each for each in relations if each["state"] != "follows" or each["lag"] > 5]
    assert not behind, behind
