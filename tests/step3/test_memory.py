"""The transport in memory keeps the promises of the port."""

import asyncio
from typing import Any

import pytest

from step3_async.rapids.event import SNAPSHOT_PAGE, Event
from step3_async.rapids.memory import MemoryTransport, Rapids
from step3_async.rapids.memory.signals import matches
from step3_async.rapids.transport import ALL, Letter, Transport, Unavailable, passing
from tests.step3.nats_rapids import asynchronous, batch, event, events, number_of, take, until


@pytest.fixture
def rapids() -> Rapids:
    return Rapids(ack_seconds=0.3)


class TestRivers:
    @asynchronous
    async def test_a_new_one_begins_with_the_next_event_of_its_domains(self, rapids: Rapids) -> None:
        there: Transport = MemoryTransport(rapids)
        await there.publish(events(range(3)))
        river = await there.river("list", ["posts"])
        assert river.begun
        await there.publish([*events(range(3, 6)), *events(range(3), "tag")])
        assert [number_of(each) for each in await take(river, 3)] == [3, 4, 5]
        assert await river.pending() == 0
        assert not (await there.river("list", ["posts"])).begun

    @asynchronous
    async def test_what_is_not_acknowledged_comes_again_to_whoever_reads(self, rapids: Rapids) -> None:
        one, two = MemoryTransport(rapids), MemoryTransport(rapids)
        river, other = await one.river("list", ["posts"]), await two.river("list", ["posts"])
        await one.publish(events(range(2)))
        await take(river, 2, acknowledge=False)
        assert not await other.batch(5, 0.1)
        again = await take(other, 2, seconds=2)
        assert [(number_of(each), each.tries) for each in again] == [(0, 2), (1, 2)]
        assert not await other.batch(5, 0.5)

    @asynchronous
    async def test_what_is_kept_does_not(self, rapids: Rapids) -> None:
        there = MemoryTransport(rapids)
        river = await there.river("list", ["posts"])
        await there.publish(events([1]))
        (delivery,) = await take(river, 1, acknowledge=False)
        for _ in range(5):
            await delivery.keep()
            assert not await river.batch(1, 0.15)
        await delivery.acknowledge()
        assert await river.pending() == 0

    @asynchronous
    async def test_what_is_to_be_tried_again_waits(self, rapids: Rapids) -> None:
        there = MemoryTransport(rapids)
        river = await there.river("list", ["posts"])
        await there.publish(events([1]))
        (delivery,) = await take(river, 1, acknowledge=False)
        await delivery.retry(0.3)
        assert not await river.batch(1, 0.15)
        (again,) = await river.batch(1, 1)
        assert again.tries == 2

    @asynchronous
    async def test_an_event_that_is_published_again_is_stored_once(self, rapids: Rapids) -> None:
        there = MemoryTransport(rapids)
        river = await there.river("list", ["posts"])
        await there.publish(events(range(3)))
        await there.publish(events(range(5)))
        assert [number_of(each) for each in await take(river, 5)] == list(range(5))

    @asynchronous
    async def test_pages_go_to_whom_they_are_addressed(self, rapids: Rapids) -> None:
        there = MemoryTransport(rapids)
        rivers = {name: await there.river(name, ["posts"]) for name in ("list", "search")}
        page = event(1, name=SNAPSHOT_PAGE)
        await there.publish([page], "list")
        await there.publish([event(2, name=SNAPSHOT_PAGE)], ALL)
        assert [number_of(each) for each in await take(rivers["list"], 2)] == [1, 2]
        assert [number_of(each) for each in await take(rivers["search"], 1)] == [2]

    @asynchronous
    async def test_that_are_lost_are_others_when_they_are_there_again(self, rapids: Rapids) -> None:
        there = MemoryTransport(rapids)
        river = await there.river("list", ["posts"])
        await there.publish(events(range(3)))
        (delivery, *_) = await batch(river)
        before = river.rapids
        rapids.wipe()
        assert river.rapids != before
        await there.publish(events([1]))
        await delivery.acknowledge()
        assert await river.pending() == 1


class TestDeadLetters:
    @asynchronous
    async def test_are_kept_forgotten_and_put_back(self, rapids: Rapids) -> None:
        there = MemoryTransport(rapids)
        rivers = {name: await there.river(name, ["posts"]) for name in ("list", "search")}
        for number, river in enumerate(("list", "list", "search")):
            await there.set_aside(Letter(river, event(number).dumps(), "no good", 5))
        first, second = await there.dead("list")
        assert len(await there.dead()) == 3
        await there.forget(first)
        await there.put_back(second)
        (back,) = await take(rivers["list"], 1)
        assert (number_of(back), back.tries) == (1, 1)
        assert not await batch(rivers["search"])
        assert [each.letter.river for each in await there.dead()] == ["search"]


class TestSignals:
    @asynchronous
    async def test_are_heard_in_order_by_all_who_listen(self, rapids: Rapids) -> None:
        teller = MemoryTransport(rapids)
        await teller.tell("settled.list", b"before")
        heard = {topic: Heard() for topic in ("settled.*", "settled.>", "settled.search")}
        for topic, hear in heard.items():
            await MemoryTransport(rapids).hear(topic, hear)
        told = [("settled.list", b"%d" % number) for number in range(3)]
        for topic, text in told:
            await teller.tell(topic, text)
        await until(lambda: heard["settled.*"].all == told and heard["settled.>"].all == told)
        assert not heard["settled.search"].all

    @asynchronous
    async def test_events_are_heard_as_they_pass(self, rapids: Rapids) -> None:
        there, heard = MemoryTransport(rapids), Heard()
        await there.hear(passing("posts"), heard)
        await there.publish([event(1), event(1), event(1, "tag")])
        await until(lambda: heard.all)
        assert [Event.model_validate_json(text).event_id for _, text in heard.all] == ["posts-1"]

    @asynchronous
    async def test_questions_are_answered_by_one(self, rapids: Rapids) -> None:
        answered: list[int] = []

        def answering(number: int) -> Any:
            async def answer(text: bytes) -> bytes:
                answered.append(number)
                return text + b"!"

            return answer

        for number in range(2):
            await MemoryTransport(rapids).answer("applied.list", answering(number))
        asker = MemoryTransport(rapids)
        assert [await asker.ask("applied.list", b"so", 1) for _ in range(4)] == [b"so!"] * 4
        assert sorted(answered) == [0, 0, 1, 1]

    @asynchronous
    async def test_questions_that_nobody_answers_or_not_in_time(self, rapids: Rapids) -> None:
        there = MemoryTransport(rapids)
        with pytest.raises(Unavailable):
            await there.ask("applied.list", b"", 1)

        async def never(_: bytes) -> bytes:
            await asyncio.Event().wait()
            return b""

        await there.answer("applied.list", never)
        with pytest.raises(Unavailable):
            await there.ask("applied.list", b"", 0.05)

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
    def test_topics(self, pattern: str, topic: str, is_one: bool) -> None:
        assert matches(pattern, topic) is is_one


class TestConnection:
    @asynchronous
    async def test_without_one_nothing_gets_through_and_afterwards_all_does(self, rapids: Rapids) -> None:
        there, other, heard, changes = MemoryTransport(rapids), MemoryTransport(rapids), Heard(), []
        river = await there.river("list", ["posts"])
        await there.hear("a", heard)
        there.on_change(changes.append)
        there.lose()
        assert not there.connected
        for attempt in (
            lambda: there.publish(events([1])),
            lambda: there.river("list", ["posts"]),
            lambda: there.ask("b", b"", 1),
            there.dead,
            lambda: river.batch(1, 0),
            river.pending,
        ):
            with pytest.raises(Unavailable):
                await attempt()
        await other.tell("a", b"lost")
        await other.publish(events([1]))
        there.restore()
        await other.tell("a", b"heard")
        await until(lambda: heard.all)
        assert heard.all == [("a", b"heard")]
        assert [number_of(each) for each in await take(river, 1)] == [1]
        assert changes == [False, True]


class Heard:
    """Notes what it hears."""

    def __init__(self) -> None:
        self.all: list[tuple[str, bytes]] = []

    async def __call__(self, topic: str, text: bytes) -> None:
        self.all.append((topic, text))
