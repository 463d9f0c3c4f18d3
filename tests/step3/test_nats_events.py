"""Rapids and rivers on a real server that stays up."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from step3_async.contracts import catalogue
from step3_async.contracts.envelope import SNAPSHOT_PAGE, Event
from step3_async.rapids.bus import ALL, River
from step3_async.rapids.nats import pull
from step3_async.rapids.nats import river as nats_river
from step3_async.rapids.nats.river import ACK_SECONDS
from step3_async.rapids.nats.streams import provision
from tests.step3.nats_helpers import (
    USERS,
    asynchronous,
    batch,
    connections,
    event,
    events,
    number_of,
    take,
    until,
)
from tests.step3.nats_server import NatsServer, nats_server
from tests.support.eventually import PATIENCE


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path, **USERS) as server:
        asyncio.run(provision(server.url()))
        yield server


@asynchronous
async def test_a_new_river_begins_with_the_next_event_of_its_domains(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture, reader = await connect("capture"), await connect("list")
        await capture.publish_events(events(range(10)))
        river = await reader.open_river("list", ["posts"])
        await capture.publish_events([*events(range(10, 1500)), *events(range(9), "tag"), event(1500)])
        taken = await take(river, 1491)
        assert sorted(number_of(each) for each in taken) == list(range(10, 1501))
        assert {each.attempt for each in taken} == {1}
        assert not await batch(river)
        await until(lambda: pending_none(river))


async def pending_none(river: River) -> bool:
    return await river.pending() == 0


@asynchronous
async def test_an_event_that_is_published_again_is_stored_once(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        river = await (await connect("list")).open_river("list", ["posts"])
        await capture.publish_events(events(range(5)))
        await capture.publish_events(events(range(8)))
        assert sorted(number_of(each) for each in await take(river, 8)) == list(range(8))
        assert not await batch(river)


@asynchronous
async def test_event_arrives_as_it_was_published(server: NatsServer) -> None:
    async with connections(server) as connect:
        found = event(1).model_copy(update={"before": {"_id": "ä\n"}, "traceparent": "00-ab", "key": "a:b"})
        river = await (await connect("list")).open_river("list", ["posts"])
        await (await connect("capture")).publish_events([found])
        (taken,) = await take(river, 1)
        assert Event.model_validate_json(taken.data) == found


@asynchronous
async def test_pages_reach_the_river_they_are_addressed_to_or_all(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        search = await (await connect("search")).open_river("search", ["posts", "tag"])
        listed = await (await connect("list")).open_river("list", ["posts"])
        await capture.publish_events([event(1, name=SNAPSHOT_PAGE, size=2_000_000)], to="search")
        await capture.publish_events([event(1, name=SNAPSHOT_PAGE)], to="list")
        await capture.publish_events([event(2, name=SNAPSHOT_PAGE)], to=ALL)
        await capture.publish_events([event(3)])
        assert [number_of(each) for each in await take(search, 3)] == [1, 2, 3]
        assert [number_of(each) for each in await take(listed, 3)] == [1, 2, 3]


@asynchronous
async def test_many_large_pages_are_delivered(server: NatsServer) -> None:
    async with connections(server) as connect:
        river = await (await connect("list")).open_river("list", ["posts"])
        pages = [event(number, name=SNAPSHOT_PAGE, size=1_000_000) for number in range(60)]
        sending = asyncio.create_task((await connect("capture")).publish_events(pages, to="list"))
        assert sorted(number_of(each) for each in await take(river, 60, 60)) == list(range(60))
        await sending


@asynchronous
async def test_an_event_that_is_too_large_is_refused_at_once(server: NatsServer) -> None:
    async with connections(server) as connect:
        with pytest.raises(ValueError, match="bytes"):
            await (await connect("capture")).publish_events([event(1, size=9_000_000)])


@asynchronous
async def test_river_continues_where_it_stopped(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture, reader = await connect("capture"), await connect("list")
        first = await reader.open_river("list", ["posts"])
        await capture.publish_events(events(range(20)))
        await take(first, 8)
        await first.close()
        await capture.publish_events(events(range(20, 30)))
        second = await (await connect("list")).open_river("list", ["posts"])
        assert second.epoch == first.epoch
        assert sorted(number_of(each) for each in await take(second, 22)) == list(range(8, 30))


@asynchronous
async def test_an_event_that_the_catalogue_does_not_know_is_not_published(server: NatsServer) -> None:
    async with connections(server) as connect:
        river = await (await connect("list")).open_river("list", ["posts"])
        with pytest.raises(ValueError, match="posts post-changed"):
            await (await connect("capture", validate=catalogue.validate)).publish_events([event(1)])
        await (await connect("capture")).publish_events([event(2)])
        assert [number_of(each) for each in await take(river, 1)] == [2]


@asynchronous
async def test_river_delivers_no_more_than_the_limit(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture, reader = await connect("capture"), await connect("list")
        river = await reader.open_river("list", ["posts"])
        fetching = asyncio.create_task(batch(river, 1_000, PATIENCE))  # its request lets so many come at once
        await asyncio.sleep(0)
        await capture.publish_events(events(range(2_000)))
        seen = {number_of(each) for each in await fetching}
        while len(seen) < 2_000:
            taken = await batch(river, 4)
            assert len(taken) <= 4
            seen |= {number_of(each) for each in taken}
        assert seen == set(range(2_000))


@asynchronous
async def test_an_event_that_waits_for_its_reader_is_delivered_again_once_at_most(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name in (
        (nats_river, "ACK_SECONDS"),
        (pull, "EXPIRY_SECONDS"),
        (pull, "STALE_SECONDS"),
    ):
        monkeypatch.setattr(module, name, getattr(module, name) / 20)
    async with connections(server) as connect:
        capture = await connect("capture")
        river = await (await connect("list")).open_river("list", ["posts"])
        other = await (await connect("search")).open_river("search", ["posts"])
        await capture.publish_events(events([0]))
        (first,) = await batch(river, 500, PATIENCE)  # more may come by the same request
        await first.ack()
        await capture.publish_events(events([1]))
        # The same happens to the other river, whose reader fetches, and leaves it.
        while (await take(other, 1, acknowledge=False))[0].attempt < 4:
            pass
        (late,) = await take(river, 1)
        assert (number_of(late), late.attempt <= 2) == (1, True)


@asynchronous
async def test_river_keeps_its_position_when_its_domains_change(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture, reader = await connect("capture"), await connect("search")
        first = await reader.open_river("search", ["posts"])
        await capture.publish_events([*events(range(3)), *events(range(10, 13), "tag")])
        await first.close()
        second = await reader.open_river("search", ["posts", "tag"])
        assert second.epoch == first.epoch
        await capture.publish_events(events(range(3, 6), "tag"))
        seen: set[int] = set()
        while not seen >= {0, 1, 2, 3, 4, 5}:  # and perhaps tags from before its domains changed
            seen.add(number_of((await take(second, 1))[0]))


@asynchronous
async def test_readers_of_one_river_share_its_events(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        rivers = [await (await connect("list")).open_river("list", ["posts"]) for _ in range(3)]
        assert len({river.epoch for river in rivers}) == 1
        taken: list[list[int]] = [[], [], []]

        async def read(index: int) -> None:
            while sum(map(len, taken)) < 3000:
                for delivery in await batch(rivers[index], 100):
                    taken[index].append(number_of(delivery))
                    await delivery.ack()

        readers = [asyncio.create_task(read(index)) for index in range(3)]
        await capture.publish_events(events(range(3000)))
        await asyncio.gather(*readers)
        assert sorted(number for each in taken for number in each) == list(range(3000))
        assert all(taken)


@asynchronous
async def test_unacknowledged_events_of_a_closed_reader_go_to_the_other(server: NatsServer) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        leaving = await (await connect("list")).open_river("list", ["posts"])
        await capture.publish_events(events(range(300)))
        held = await take(leaving, 10, acknowledge=False)
        staying = await (await connect("list")).open_river("list", ["posts"])
        await leaving.close()
        taken = {number_of(each) for each in await take(staying, 290)}
        # It does not wait: otherwise the delivered events would have come again first.
        assert taken == set(range(300)) - {number_of(each) for each in held}
        # The ten delivered events were not acknowledged: they come again.
        assert {number_of(each) for each in await take(staying, 10)} == {number_of(each) for each in held}


@asynchronous
async def test_retry_is_delivered_after_its_wait_with_its_number(server: NatsServer) -> None:
    async with connections(server) as connect:
        river = await (await connect("list")).open_river("list", ["posts"])
        await (await connect("capture")).publish_events(events([1, 2]))
        first, second = await take(river, 2, acknowledge=False)
        requested = time.monotonic()
        await first.nak(1.0)
        await second.nak(0.0)
        came: dict[int, float] = {}
        for _ in range(2):
            (again,) = await take(river, 1)
            assert again.attempt == 2
            came[number_of(again)] = time.monotonic() - requested
        assert came.keys() == {1, 2}
        assert came[1] > 0.9


@asynchronous
async def test_an_event_in_progress_is_not_delivered_again(server: NatsServer) -> None:
    async with connections(server) as connect:
        slow = await (await connect("list")).open_river("list", ["posts"])
        await (await connect("capture")).publish_events(events([1]))
        (held,) = await take(slow, 1, acknowledge=False)
        other = await (await connect("list")).open_river("list", ["posts"])
        deadline = time.monotonic() + 1.5 * ACK_SECONDS
        while time.monotonic() < deadline:
            await held.in_progress()
            assert not await batch(other, patience=1.0)
        await held.ack()
        await until(lambda: pending_none(slow))


@asynchronous
async def test_waiting_reader_gets_the_first_event_at_once(server: NatsServer) -> None:
    """`make bench` measures how soon that is."""
    async with connections(server) as connect:
        capture = await connect("capture")
        river = await (await connect("list")).open_river("list", ["posts"])
        for number in range(3):
            waiting = asyncio.create_task(batch(river, patience=2 * PATIENCE))
            await capture.publish_events([event(number)])
            (came,) = await asyncio.wait_for(waiting, PATIENCE)
            assert number_of(came) == number
            await came.ack()


@asynchronous
async def test_provisioning_again_changes_nothing_but_limits(
    server: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connections(server) as connect:
        capture = await connect("capture")
        river = await (await connect("list")).open_river("list", ["posts"])
        await capture.publish_events(events(range(3)))
        monkeypatch.setenv("RAPIDS_MAX_AGE", "3600")
        monkeypatch.setenv("RAPIDS_MAX_BYTES", "50000000")
        await provision(server.url())
        assert len(await take(river, 3)) == 3
        again = await (await connect("list")).open_river("list", ["posts"])
        assert again.epoch == river.epoch
