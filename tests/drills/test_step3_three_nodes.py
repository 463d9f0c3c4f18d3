"""Step 3 on a replica set of three mongod and a cluster of three nats-servers, as on three machines. Under
load, the leader of each is killed with -9 again and again.

No write that was acknowledged is lost, none counts twice, and all ponds are equal in the end. The pauses are
printed: for how long no write was acknowledged after a kill.
"""

import asyncio
import secrets
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.drills.chaos import await_all_ready, await_nothing, load_posts
from tests.drills.marker import Marker, total
from tests.drills.ponds import all_differences, duplicates, wrong_revisions
from tests.drills.replica_set import ReplicaSet, replica_set
from tests.drills.sizes import sized
from tests.step3.nats_cluster import NatsCluster, nats_cluster
from tests.step3.test_nats_cluster import whole
from tests.support.client import new_reader
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep

pytestmark = [pytest.mark.drill, pytest.mark.only_step(3), pytest.mark.timeout(2400)]

KILLS = sized(10, 1)
"""Of each kind."""

WRITERS = 4
BETWEEN = 40
"""Acknowledged writes after a kill, before the next."""

PATIENCE = 240.0


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ReplicaSet, NatsCluster]]:
    folder = tmp_path_factory.mktemp("nodes")
    for name in ("mongo", "nats"):
        (folder / name).mkdir()
    with ExitStack() as stack:
        mongo = stack.enter_context(replica_set(folder / "mongo"))
        yield mongo, stack.enter_context(nats_cluster(folder / "nats"))


@pytest.fixture(scope="module")
def running(
    nodes: tuple[ReplicaSet, NatsCluster], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningStep]:
    mongo, nats = nodes
    settings = {
        "MONGODB_URI": mongo.uri,
        "NATS_URL": nats.url(),
        "RAPIDS_REPLICAS": "3",
        "STONES_LOG_LEVEL": "ERROR",
    }
    with RunningStep(3, tmp_path_factory.mktemp("three") / "state", settings) as running:
        yield running


def kill_primary(mongo: ReplicaSet) -> Callable[[], None]:
    """Kill the primary of the whole set. Return what starts it again."""
    primary = mongo.whole()
    primary.kill()
    return primary.start


def kill_stream_leader(nats: NatsCluster) -> Callable[[], None]:
    """Kill the server that leads the stream of the whole cluster. Return what starts it again."""

    def leader() -> str:
        found = asyncio.run(whole(nats))
        assert found
        return found

    server = nats.servers[eventually(leader, PATIENCE)]
    server.kill()
    return server.start


def pause_after(kill: Callable[[], None], markers: list[Marker]) -> float:
    """Kill, and return the longest time without an acknowledged write until BETWEEN have come."""
    reached = count = total(markers).acknowledged
    kill()
    longest, latest, deadline = 0.0, time.monotonic(), time.monotonic() + PATIENCE
    while count < reached + BETWEEN:
        time.sleep(0.005)
        now, found = time.monotonic(), total(markers).acknowledged
        if found > count:
            longest, latest, count = max(longest, now - latest), now, found
        assert now < deadline, total(markers)
    return longest


def test_no_leader_is_missed(
    running: RunningStep, nodes: tuple[ReplicaSet, NatsCluster], tmp_path: Path
) -> None:
    mongo, nats = nodes
    posts, seed = load_posts(running, tmp_path), secrets.token_hex(4)
    markers = [Marker(new_reader(running.url), posts, f"{seed} {number}") for number in range(WRITERS)]
    pauses: dict[str, list[float]] = {"mongod": [], "nats-server": []}
    kinds = {"mongod": lambda: kill_primary(mongo), "nats-server": lambda: kill_stream_leader(nats)}
    for each in markers:
        each.start()
    try:
        for _ in range(KILLS):
            for name, kill in kinds.items():
                again: list[Callable[[], None]] = []
                pauses[name].append(pause_after(lambda kill=kill, again=again: again.append(kill()), markers))
                again[0]()
    finally:
        for each in markers:
            each.stop()
    found = total(markers)
    for name, each in pauses.items():
        print(
            f"{name}: {len(each)} leaders killed; no write acknowledged "
            f"for p50 {statistics.median(each):.2f} s, at most {max(each):.2f} s"
        )
    print(
        f"acknowledged {found.acknowledged}; responses {dict(found.responses)}; slowest {found.slowest:.1f} s"
    )

    await_all_ready(running)
    with MongoClient[dict[str, Any]](mongo.uri, tz_aware=True) as stores:
        await_nothing(lambda: all_differences(stores))
        await_nothing(lambda: wrong_revisions(stores))
        assert duplicates(stores) == []
    assert [text for each in markers for text in each.wrong()] == []
    assert running.running
