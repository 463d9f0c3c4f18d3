"""Rivers whose events go, since the rapids are full, before they were taken."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from step3_async.rapids.nats import provision, river
from step3_async.rapids.transport import River
from tests.step3.nats_rapids import USERS, asynchronous, connections, event, events, number_of, take, until
from tests.step3.nats_server import NatsServer, nats_server


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NatsServer]:
    monkeypatch.setattr(river, "LOOK_SECONDS", 0.2)
    monkeypatch.setenv("RAPIDS_MAX_BYTES", "300000")
    with nats_server(tmp_path, **USERS) as server:
        asyncio.run(provision(server.url()))
        yield server


FLOOD = [event(number, size=10_000) for number in range(100, 200)]


@asynchronous
async def test_a_river_that_was_left_for_too_long_begins_anew(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture, reader = await connect("capture"), await connect("list")
        first = await reader.river("list", ["posts"])
        await capture.publish(events(range(5)))
        await take(first, 5)
        await first.close()
        await capture.publish(FLOOD)
        second = await reader.river("list", ["posts"])
        assert second.begun
        assert second.rapids != first.rapids
        left = [number_of(each) for each in await take(second, await second.pending())]
        assert left == list(range(left[0], 200)), "what is there still is taken"
        await second.close()
        third = await reader.river("list", ["posts"])
        assert not third.begun
        assert third.rapids == second.rapids


@asynchronous
async def test_instances_that_do_not_keep_up_all_begin_anew(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        stuck, idle = [await (await connect("list")).river("list", ["posts"]) for _ in range(2)]
        before = stuck.rapids
        await capture.publish(events(range(5)))
        held = await take(stuck, 1, acknowledge=False)
        await capture.publish(FLOOD)
        await until(lambda: stuck.rapids == idle.rapids != before)
        assert stuck.begun
        assert idle.begun
        await held[0].acknowledge()
        await capture.publish(events(range(5, 8)))
        now, seen = stuck.rapids, set[int]()
        await until(lambda: all_taken(stuck, idle, seen))
        assert seen >= {5, 6, 7}
        assert stuck.rapids == idle.rapids == now


async def all_taken(one: River, other: River, seen: set[int]) -> bool:
    """Takes what there is; whether that was all."""
    for instance in (one, other):
        for delivery in await instance.batch(500, 0.1):
            seen.add(number_of(delivery))
            await delivery.acknowledge()
    return await one.pending() == 0


@asynchronous
async def test_what_goes_by_for_others_alone_is_no_loss(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        quiet = await (await connect("list")).river("list", ["posts"])
        before = quiet.rapids
        await capture.publish(events(range(5)))
        await take(quiet, 5)
        for begin in range(0, 200, 10):
            await capture.publish([event(number, "tag", size=5_000) for number in range(begin, begin + 10)])
            looked = quiet._reached
            await until(lambda looked=looked: quiet._reached != looked)
        await capture.publish(events([5]))
        assert [number_of(each) for each in await take(quiet, 1)] == [5]
        assert quiet.rapids == before
