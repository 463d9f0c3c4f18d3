"""Every process of step 3, mongod and nats-server included, is killed with -9 while readers write.

No write that was acknowledged is lost, none counts twice, and in the end all ponds are equal to their owners'
documents. The order is drawn from DRILL_SEED; without it from a new one, which is printed.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.drills.chaos import Chaos, all_stores, await_all_ready, await_nothing
from tests.drills.ponds import all_differences, documents, duplicates, wrong_revisions
from tests.drills.processes import Kind
from tests.drills.sizes import sized
from tests.support.killed_run import check_nothing_outlives
from tests.support.running_step import RunningStep
from tests.support.workshop_command import call

pytestmark = [pytest.mark.drill, pytest.mark.only_step(3), pytest.mark.timeout(1200)]


WRITERS = 8
ACKNOWLEDGED = sized(5_000, 400)
KILLS = sized(40, 8)
END_SECONDS = 30.0
EXTRA = [Kind(name) for name in ("mongod", "nats", "capture", "gateway") for _ in range(3)]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStep]:
    settings = {"FAILED_SIGN_INS_PER_MINUTE": "100000", "STONES_LOG_LEVEL": "ERROR"}
    with RunningStep(3, tmp_path_factory.mktemp("killed") / "state", settings) as running:
        yield running


@pytest.fixture
def stores(running: RunningStep, monkeypatch: pytest.MonkeyPatch) -> Iterator[MongoClient[dict[str, Any]]]:
    with all_stores(running, monkeypatch) as client:
        yield client


def test_nothing_acknowledged_is_lost_and_all_ponds_are_equal(
    running: RunningStep, stores: MongoClient[dict[str, Any]], tmp_path: Path
) -> None:
    seed = os.environ.get("DRILL_SEED") or secrets.token_hex(4)
    print(f"DRILL_SEED={seed}")
    chaos = Chaos(running, tmp_path, seed, ACKNOWLEDGED, WRITERS, EXTRA, KILLS)
    chaos.run()

    await_all_ready(running)
    await_nothing(lambda: all_differences(stores))
    await_nothing(lambda: wrong_revisions(stores))
    assert duplicates(stores) == []
    chaos.check_responses()
    assert set(documents(stores, "search", "posts")) == {*chaos.posts, *chaos.later}


def test_nothing_of_the_step_outlives_a_killed_run(running: RunningStep) -> None:
    """This test is the last one, as it ends the shared run."""
    check_nothing_outlives(running.process, END_SECONDS)
    call(["clean"], running.environment)
