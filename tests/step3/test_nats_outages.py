"""Rapids and rivers while the server is killed, suspended, or loses what it has stored."""

import asyncio
import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import nats
import pytest

from step3_async.rapids.bus import Bus, River, Unavailable
from step3_async.rapids.connect import connect as connect_to
from step3_async.rapids.nats import bus as nats_bus
from step3_async.rapids.nats.streams import provision
from tests.step3.nats_helpers import (
    USERS,
    asynchronous,
    connections,
    event,
    events,
    number_of,
    take,
    traffic,
    until,
)
from tests.step3.nats_server import NatsServer, nats_server

pytestmark = pytest.mark.drill

KILLS = 5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path, **USERS) as server:
        asyncio.run(provision(server.url()))
        yield server


async def restart(server: NatsServer) -> None:
    """Restart the server outside of the loop, so that connections stay alive."""
    await asyncio.to_thread(server.start)


@asynchronous
async def test_nothing_confirmed_is_lost_when_the_server_is_killed(server: NatsServer) -> None:
    """One connection publishes and two read all the time while it is killed again and again."""
    chance = random.Random(7)
    async with connections(server) as connect:
        flowing = await traffic(connect, 50)
        for _ in range(KILLS):
            await flowing.await_progress()
            await asyncio.sleep(chance.random() / 5)
            server.kill()
            await restart(server)
        await flowing.check_all_received(60)


@asynchronous
async def test_acknowledgements_of_an_outage_arrive_after_it(server: NatsServer) -> None:
    async with connections(server) as connect:
        reader = await connect("list")
        river = await reader.open_river("list", ["posts"])
        await (await connect("capture")).publish_events(events(range(20)))
        taken = await take(river, 20, acknowledge=False)
        server.stop()
        await until(lambda: not reader.connected)
        for delivery in taken:
            await delivery.ack()
        await restart(server)
        await until(lambda: reader.connected)
        await until(lambda: nothing_pending(river))


async def nothing_pending(river: River) -> bool:
    return await river.pending() == 0


async def noticed(river: River, before: str) -> bool:
    """A river checks its state in each call of `pending`."""
    with suppress(Unavailable):
        await river.pending()
    return river.epoch != before


@asynchronous
async def test_a_server_that_lost_everything_is_noticed(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture, reader = await connect("capture"), await connect("list")
        river = await reader.open_river("list", ["posts"])
        await capture.publish_events(events(range(5)))
        await take(river, 3)
        late = await take(river, 1, acknowledge=False)
        before = river.epoch
        server.kill()
        server.wipe()
        await restart(server)
        await until(lambda: noticed(river, before))
        await capture.publish_events(events(range(100, 110)))
        # In the old rapids it had a number that now belongs to a new event.
        await late[0].ack()
        assert [number_of(each) for each in await take(river, 10)] == list(range(100, 110))
        again = await (await connect("list")).open_river("list", ["posts"])
        assert again.epoch == river.epoch


@asynchronous
@pytest.mark.parametrize("lost", ["CONSUMER.DELETE.RAPIDS.list", "STREAM.DELETE.RAPIDS"])
async def test_removed_stream_or_consumer_is_made_again(server: NatsServer, lost: str) -> None:
    async with connections(server) as connect:
        capture, reader = await connect("capture"), await connect("list")
        river = await reader.open_river("list", ["posts"])
        await capture.publish_events(events(range(5)))
        await take(river, 5)
        before = river.epoch
        administrator = await nats.connect(server.url())
        response = await administrator.request(f"$JS.API.{lost}", timeout=30)
        assert json.loads(response.data)["success"]
        await administrator.close()
        await until(lambda: noticed(river, before))
        await capture.publish_events(events(range(5, 8)))
        assert [number_of(each) for each in await take(river, 3)] == [5, 6, 7]


@asynchronous
async def test_without_rapids_there_is_no_river_and_nothing_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nats_bus, "PUBLISH_SECONDS", 1.0)
    with nats_server(tmp_path, **USERS) as bare:
        async with connections(bare) as connect:
            with pytest.raises(Unavailable, match="no rapids"):
                await (await connect("list")).open_river("list", ["posts"])
            with pytest.raises(Unavailable, match="no rapids"):
                await (await connect("capture", provisions=False)).publish_events(events([1]))
            await connect("capture")
            assert (await (await connect("list")).open_river("list", ["posts"])).epoch


@asynchronous
async def test_publishing_waits_and_gives_up_in_the_end(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        river = await (await connect("list")).open_river("list", ["posts"])
        server.kill()
        waiting = asyncio.create_task(capture.publish_events(events(range(10))))
        await until(lambda: not capture.connected)
        await restart(server)
        await waiting
        await take(river, 10)
        monkeypatch.setattr(nats_bus, "PUBLISH_SECONDS", 1.0)
        server.kill()
        begun = time.monotonic()
        with pytest.raises(Unavailable):
            await capture.publish_events(events([20]))
        assert time.monotonic() - begun > 0.5
        await restart(server)


@asynchronous
async def test_river_without_a_server_is_unavailable_and_recovers(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        river = await (await connect("list")).open_river("list", ["posts"])
        server.kill()
        with pytest.raises(Unavailable):
            for _ in range(50):
                await river.fetch(10, 0.2)
        await restart(server)
        await capture.publish_events(events([1]))
        assert [number_of(each) for each in await take(river, 1)] == [1]


@asynchronous
async def test_suspended_server_counts_as_lost(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        river = await (await connect("list")).open_river("list", ["posts"])
        changes: list[bool] = []
        capture.on_connection_change(changes.append)
        server.pause(True)
        try:
            await until(lambda: changes == [False])
            publishing_one = asyncio.create_task(capture.publish_events([event(1)]))
        finally:
            server.pause(False)
        await publishing_one
        assert changes == [False, True]
        assert [number_of(each) for each in await take(river, 1)] == [1]


@asynchronous
async def test_connection_can_be_requested_before_there_is_a_server(server: NatsServer) -> None:
    server.stop()
    received: list[str] = []

    async def receive(topic: str, _text: bytes) -> None:
        received.append(topic)

    transport: Bus = await connect_to("gateway", url=server.url("gateway"), timeout=0.1)
    try:
        assert not transport.connected
        changes: list[bool] = []
        transport.on_connection_change(changes.append)
        await transport.subscribe("applied.>", receive)
        await transport.publish("registry.probe", b"")
        with pytest.raises(Unavailable):
            await transport.request("applied-query.list", b"", 0.2)
        await restart(server)
        await until(lambda: changes == [True])
        async with connections(server) as connect:
            reader = await connect("list")
            await reader.publish("applied.list", b"")
            await until(lambda: received == ["applied.list"])
    finally:
        await transport.close()


@asynchronous
async def test_wrong_password_is_refused(server: NatsServer) -> None:
    url = server.url("list").replace("password-", "no-")
    transport = await connect_to("list", url=url, timeout=0.5)
    try:
        assert not transport.connected
        with pytest.raises(Unavailable):
            await transport.request("applied-query.list", b"", 0.2)
    finally:
        await transport.close()
