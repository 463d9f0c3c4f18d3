"""The rapids on three servers, each event on all of them, while one after another is killed."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nats
import pytest

from step3_async.rapids.bus import Unavailable
from step3_async.rapids.nats.streams import RAPIDS, provision
from tests.step3.nats_cluster import NatsCluster, nats_cluster
from tests.step3.nats_helpers import USERS, asynchronous, connections, traffic, until

pytestmark = pytest.mark.drill

READY_SECONDS = 90.0
KILLS = 2


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NatsCluster]:
    monkeypatch.setenv("RAPIDS_REPLICAS", "3")
    with nats_cluster(tmp_path, **USERS) as cluster:
        yield cluster


async def provisioned(cluster: NatsCluster) -> bool:
    """Return whether the streams could be made: the servers have to agree on a leader first."""
    try:
        await provision(cluster.url())
    except Unavailable:
        return False
    return True


async def stream_state(cluster: NatsCluster) -> Any:
    """Return the state of the stream in the cluster; None while no server responds."""
    try:
        client = await nats.connect(cluster.url().split(","), allow_reconnect=False, connect_timeout=30)
    except Exception:
        return None
    try:
        return (await client.jetstream().stream_info(RAPIDS)).cluster
    except Exception:
        return None
    finally:
        await client.close()


async def whole(cluster: NatsCluster) -> str | None:
    """Return the server that leads the stream, once all others have a complete copy."""
    found = await stream_state(cluster)
    if found is None or not found.leader or len(found.replicas or []) != 2:
        return None
    return str(found.leader) if all(each.current for each in found.replicas) else None


@asynchronous
async def test_nothing_confirmed_is_lost_when_its_leader_is_killed(cluster: NatsCluster) -> None:
    """One connection publishes and two read all the time, at whichever server is up."""
    await until(lambda: provisioned(cluster), READY_SECONDS)
    async with connections(cluster) as connect:
        flowing = await traffic(connect, 20)
        for _ in range(KILLS):
            leader = cluster.servers[await until(lambda: whole(cluster), READY_SECONDS)]
            leader.kill()
            # The two that are left continue.
            await flowing.await_progress(READY_SECONDS)
            await asyncio.to_thread(leader.start)
        await flowing.check_all_received(READY_SECONDS)
