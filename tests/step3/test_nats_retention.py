"""Rivers whose events are deleted before they are read, as the rapids are full."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from step3_async.rapids.bus import River
from step3_async.rapids.nats.streams import provision
from tests.step3.nats_helpers import USERS, asynchronous, connections, event, events, number_of, take, until
from tests.step3.nats_server import NatsServer, nats_server


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NatsServer]:
    monkeypatch.setenv("RAPIDS_MAX_BYTES", "300000")
    with nats_server(tmp_path, **USERS) as server:
        asyncio.run(provision(server.url()))
        yield server


FLOOD = [event(number, size=10_000) for number in range(100, 200)]


@asynchronous
async def test_river_that_was_not_read_for_too_long_begins_a_new_epoch(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture, reader = await connect("capture"), await connect("list")
        first = await reader.open_river("list", ["posts"])
        await capture.publish_events(events(range(5)))
        await take(first, 5)
        await first.close()
        await capture.publish_events(FLOOD)
        second = await reader.open_river("list", ["posts"])
        assert second.epoch != first.epoch
        left = [number_of(each) for each in await take(second, await second.pending())]
        assert left == list(range(left[0], 200)), "what is there still is taken"
        await second.close()
        third = await reader.open_river("list", ["posts"])
        assert third.epoch == second.epoch


@asynchronous
async def test_all_instances_that_are_too_slow_begin_a_new_epoch(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        stuck, idle = [await (await connect("list")).open_river("list", ["posts"]) for _ in range(2)]
        before = stuck.epoch
        await capture.publish_events(events(range(5)))
        held = await take(stuck, 1, acknowledge=False)
        await capture.publish_events(FLOOD)
        await until(lambda: both_noticed(stuck, idle, before))
        await held[0].ack()
        await capture.publish_events(events(range(5, 8)))
        now, seen = stuck.epoch, set[int]()
        await until(lambda: all_taken(stuck, idle, seen))
        assert seen >= {5, 6, 7}
        assert stuck.epoch == idle.epoch == now


async def both_noticed(one: River, other: River, before: str) -> bool:
    """A river checks its state in each call of `pending`."""
    await one.pending()
    await other.pending()
    return one.epoch == other.epoch != before


async def all_taken(one: River, other: River, seen: set[int]) -> bool:
    """Take the events that there are, and return whether that was all."""
    for instance in (one, other):
        for delivery in await instance.fetch(500, 0.1):
            seen.add(number_of(delivery))
            await delivery.ack()
    return await one.pending() == 0


@asynchronous
async def test_deleted_events_of_other_domains_are_no_loss(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        quiet = await (await connect("list")).open_river("list", ["posts"])
        before = quiet.epoch
        await capture.publish_events(events(range(5)))
        await take(quiet, 5)
        for begin in range(0, 200, 10):
            await capture.publish_events(
                [event(number, "tag", size=5_000) for number in range(begin, begin + 10)]
            )
            await quiet.pending()
        await capture.publish_events(events([5]))
        assert [number_of(each) for each in await take(quiet, 1)] == [5]
        assert quiet.epoch == before
