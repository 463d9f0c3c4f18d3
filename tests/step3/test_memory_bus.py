"""The bus in memory behaves as the port promises."""

import asyncio
from typing import Any

import pytest

from step3_async.contracts.envelope import SNAPSHOT_PAGE, Event
from step3_async.rapids.bus import ALL, Bus, DeadLetter, Unavailable, event_topic
from tests.step3.nats_helpers import asynchronous, batch, event, events, number_of, take, until
from tests.support.memory_bus import Broker, MemoryBus
from tests.support.memory_bus.broker import matches


@pytest.fixture
def rapids() -> Broker:
    return Broker(ack_seconds=0.3)


class TestRivers:
    @asynchronous
    async def test_new_river_begins_with_the_next_event_of_its_domains(self, rapids: Broker) -> None:
        bus: Bus = MemoryBus(rapids)
        await bus.publish_events(events(range(3)))
        river = await bus.open_river("list", ["posts"])
        await bus.publish_events([*events(range(3, 6)), *events(range(3), "tag")])
        assert [number_of(each) for each in await take(river, 3)] == [3, 4, 5]
        assert await river.pending() == 0

    @asynchronous
    async def test_unacknowledged_event_is_delivered_to_another_reader(self, rapids: Broker) -> None:
        one, two = MemoryBus(rapids), MemoryBus(rapids)
        river, other = await one.open_river("list", ["posts"]), await two.open_river("list", ["posts"])
        await one.publish_events(events(range(2)))
        await take(river, 2, acknowledge=False)
        assert not await other.fetch(5, 0.1)
        again = await take(other, 2, seconds=2)
        assert [(number_of(each), each.attempt) for each in again] == [(0, 2), (1, 2)]
        assert not await other.fetch(5, 0.5)

    @asynchronous
    async def test_event_in_progress_is_not_delivered_again(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        river = await bus.open_river("list", ["posts"])
        await bus.publish_events(events([1]))
        (delivery,) = await take(river, 1, acknowledge=False)
        for _ in range(5):
            await delivery.in_progress()
            assert not await river.fetch(1, 0.15)
        await delivery.ack()
        assert await river.pending() == 0

    @asynchronous
    async def test_retry_is_delivered_after_its_wait(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        river = await bus.open_river("list", ["posts"])
        await bus.publish_events(events([1]))
        (delivery,) = await take(river, 1, acknowledge=False)
        await delivery.nak(0.3)
        assert not await river.fetch(1, 0.15)
        (again,) = await river.fetch(1, 1)
        assert again.attempt == 2

    @asynchronous
    async def test_an_event_that_is_published_again_is_stored_once(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        river = await bus.open_river("list", ["posts"])
        await bus.publish_events(events(range(3)))
        await bus.publish_events(events(range(5)))
        assert [number_of(each) for each in await take(river, 5)] == list(range(5))

    @asynchronous
    async def test_pages_reach_the_river_that_they_are_addressed_to(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        rivers = {name: await bus.open_river(name, ["posts"]) for name in ("list", "search")}
        page = event(1, name=SNAPSHOT_PAGE)
        await bus.publish_events([page], "list")
        await bus.publish_events([event(2, name=SNAPSHOT_PAGE)], ALL)
        assert [number_of(each) for each in await take(rivers["list"], 2)] == [1, 2]
        assert [number_of(each) for each in await take(rivers["search"], 1)] == [2]

    @asynchronous
    async def test_lost_river_begins_a_new_epoch(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        river = await bus.open_river("list", ["posts"])
        await bus.publish_events(events(range(3)))
        (delivery, *_) = await batch(river)
        before = river.epoch
        rapids.wipe()
        assert river.epoch != before
        await bus.publish_events(events([1]))
        await delivery.ack()
        assert await river.pending() == 1


class TestDeadLetters:
    @asynchronous
    async def test_dead_letters_are_stored_deleted_and_redriven(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        rivers = {name: await bus.open_river(name, ["posts"]) for name in ("list", "search")}
        for number, river in enumerate(("list", "list", "search")):
            await bus.dead_letter(DeadLetter(river, event(number).dumps(), "no good", 5))
        first, second = await bus.dead_letters("list")
        assert len(await bus.dead_letters()) == 3
        await bus.delete_dead_letter(first)
        await bus.redrive(second)
        (back,) = await take(rivers["list"], 1)
        assert (number_of(back), back.attempt) == (1, 1)
        assert not await batch(rivers["search"])
        assert [each.dead_letter.river for each in await bus.dead_letters()] == ["search"]


class TestSignals:
    @asynchronous
    async def test_all_subscribers_receive_messages_in_order(self, rapids: Broker) -> None:
        publisher = MemoryBus(rapids)
        await publisher.publish("applied.list", b"before")
        recorder = {topic: Recorder() for topic in ("applied.*", "applied.>", "applied.search")}
        for topic, receive in recorder.items():
            await MemoryBus(rapids).subscribe(topic, receive)
        found = [("applied.list", b"%d" % number) for number in range(3)]
        for topic, text in found:
            await publisher.publish(topic, text)
        await until(lambda: recorder["applied.*"].all == found and recorder["applied.>"].all == found)
        assert not recorder["applied.search"].all

    @asynchronous
    async def test_subscribers_receive_published_events(self, rapids: Broker) -> None:
        bus, recorder = MemoryBus(rapids), Recorder()
        await bus.subscribe(event_topic("posts"), recorder)
        await bus.publish_events([event(1), event(1), event(1, "tag")])
        await until(lambda: recorder.all)
        assert [Event.model_validate_json(text).event_id for _, text in recorder.all] == ["posts-1"]

    @asynchronous
    async def test_one_subscriber_replies_to_a_request(self, rapids: Broker) -> None:
        replied: list[int] = []

        def replying(number: int) -> Any:
            async def response(text: bytes) -> bytes:
                replied.append(number)
                return text + b"!"

            return response

        for number in range(2):
            await MemoryBus(rapids).reply("applied-query.list", replying(number))
        requester = MemoryBus(rapids)
        assert [await requester.request("applied-query.list", b"so", 1) for _ in range(4)] == [b"so!"] * 4
        assert sorted(replied) == [0, 0, 1, 1]

    @asynchronous
    async def test_request_without_a_reply_in_time_fails(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        with pytest.raises(Unavailable):
            await bus.request("applied-query.list", b"", 1)

        async def never(_: bytes) -> bytes:
            await asyncio.Event().wait()
            return b""

        await bus.reply("applied-query.list", never)
        with pytest.raises(Unavailable):
            await bus.request("applied-query.list", b"", 0.05)

    @pytest.mark.parametrize(
        ("pattern", "topic", "is_one"),
        [
            ("a.b", "a.b", True),
            ("a.b", "a.c", False),
            ("a.*", "a.b", True),
            ("a.*", "a.b.c", False),
            ("*.b", "a.b", True),
            ("a.>", "a.b", True),
            ("a.>", "a.b.c", True),
            ("a.>", "a", False),
            ("a.>", "b.c", False),
            ("a.*.c", "a.b.c", True),
        ],
    )
    def test_patterns_match_topics(self, pattern: str, topic: str, is_one: bool) -> None:
        assert matches(pattern, topic) is is_one


class TestConnection:
    @asynchronous
    async def test_calls_fail_without_a_connection_and_work_after_it_returns(self, rapids: Broker) -> None:
        bus, other, recorder, changes = MemoryBus(rapids), MemoryBus(rapids), Recorder(), []
        river = await bus.open_river("list", ["posts"])
        await bus.subscribe("a", recorder)
        bus.on_connection_change(changes.append)
        bus.lose()
        assert not bus.connected
        for attempt in (
            lambda: bus.publish_events(events([1])),
            lambda: bus.open_river("list", ["posts"]),
            lambda: bus.request("b", b"", 1),
            bus.dead_letters,
            lambda: river.fetch(1, 0),
            river.pending,
        ):
            with pytest.raises(Unavailable):
                await attempt()
        await other.publish("a", b"lost")
        await other.publish_events(events([1]))
        bus.restore()
        await other.publish("a", b"heard")
        await until(lambda: recorder.all)
        assert recorder.all == [("a", b"heard")]
        assert [number_of(each) for each in await take(river, 1)] == [1]
        assert changes == [False, True]


class Recorder:
    """Records the messages that it receives."""

    def __init__(self) -> None:
        self.all: list[tuple[str, bytes]] = []

    async def __call__(self, topic: str, text: bytes) -> None:
        self.all.append((topic, text))
