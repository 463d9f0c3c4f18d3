"""Every process of step 2, mongod included, is killed with -9 again and again while readers write.

No write that was acknowledged is lost, none counts twice, and in the end all copies are equal to their
owners' documents. The order is drawn from DRILL_SEED; without it from a new one, which is printed.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.drills.chaos import PROGRESS, Chaos, all_stores, await_all_ready, await_nothing
from tests.drills.copies import all_differences, documents, duplicates
from tests.drills.processes import Kind
from tests.drills.sizes import sized
from tests.support.client import Client
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep

pytestmark = [pytest.mark.drill, pytest.mark.only_step(2), pytest.mark.timeout(900)]


WRITERS = 4
ACKNOWLEDGED = sized(2_000, 400)
KILLS = sized(20, 10)
MONGOD = Kind("mongod")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningStep]:
    settings = {"FAILED_SIGN_INS_PER_MINUTE": "100000", "STONES_LOG_LEVEL": "ERROR"}
    with RunningStep(2, tmp_path / "state", settings) as running:
        yield running


@pytest.fixture
def stores(running: RunningStep, monkeypatch: pytest.MonkeyPatch) -> Iterator[MongoClient[dict[str, Any]]]:
    with all_stores(running, monkeypatch) as client:
        yield client


def test_nothing_acknowledged_is_lost_and_all_stores_are_equal(
    running: RunningStep, stores: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    seed = os.environ.get("DRILL_SEED") or secrets.token_hex(4)
    print(f"DRILL_SEED={seed}")
    chaos = Chaos(running, tmp_path, seed, ACKNOWLEDGED, WRITERS, [MONGOD, MONGOD], KILLS)
    chaos.run()

    await_all_ready(running)
    relations = f"http://127.0.0.1:{running.ports['STEP2_SYNC_PORT']}"
    eventually(lambda: expect_following(relations), PROGRESS)
    await_nothing(lambda: all_differences(stores))
    assert duplicates(stores) == []
    chaos.check_responses()
    assert set(documents(stores, "search", "posts")) == {*chaos.posts, *chaos.later}


def expect_following(url: str) -> None:
    relations = Client(url).all_items("/relations")
    behind = [each for each in relations if each["state"] != "follows" or each["lag"] > 5]
    assert not behind, behind
