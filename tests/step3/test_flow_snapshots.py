"""A flow's ponds get what happened before their river began, and can be made anew."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from pymongo.database import Database

from step3_async.rapids.bus import Unavailable
from step3_async.rapids.consumer import snapshots
from step3_async.rapids.pond import Pond
from tests.step3.flows import Capture, flowing, order
from tests.step3.nats_rapids import asynchronous, until
from tests.step3.rivers import Change, event
from tests.support.memory_bus import Broker, MemoryBus

DOMAIN, OTHER = "papers", "notes"
HISTORY: list[Change] = [(f"p_{number}", {"title": str(number)}) for number in range(9)]


@pytest.fixture
def rapids() -> Broker:
    return Broker()


@pytest.fixture
def pond(database: Database[dict[str, Any]]) -> Pond:
    return Pond(database[DOMAIN], DOMAIN, ("title",))


@pytest.fixture
def other(database: Database[dict[str, Any]]) -> Pond:
    return Pond(database[OTHER], OTHER, ("title",))


def titles(pond: Pond) -> list[str]:
    return [each["title"] for each in pond.collection.find(sort=[("_id", 1)])]


ALL_TITLES = [str(number) for number in range(9)]


async def capture(rapids: Broker, **histories: list[Change]) -> Capture:
    made = Capture(MemoryBus(rapids), histories or {DOMAIN: list(HISTORY), OTHER: []})
    await made.begin()
    return made


class TestStart:
    @asynchronous
    async def test_a_new_pond_is_ready_once_all_is_there(
        self, rapids: Broker, pond: Pond, other: Pond
    ) -> None:
        there = await capture(rapids)
        there.holds_back = True
        async with flowing(rapids, {DOMAIN: pond, OTHER: other}) as flow:
            await until(lambda: there.wishes)
            assert there.wishes[0].domains == [OTHER, DOMAIN] and there.wishes[0].again
            await there.give("papers", OTHER)
            await until(lambda: other.snapshots.get(OTHER).was_complete)  # type: ignore[union-attr]
            assert not flow.ready
            await there.give("papers", DOMAIN)
            await until(lambda: flow.ready)
        assert titles(pond) == ALL_TITLES
        assert len(there.wishes) == 1

    @asynchronous
    async def test_who_promises_late_is_given_more_time(
        self, rapids: Broker, pond: Pond, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "ACCEPT_SECONDS", 0.05)
        there = await capture(rapids)
        there.answers_after = 0.5
        async with flowing(rapids, {DOMAIN: pond}) as flow:
            await until(lambda: flow.ready)
        assert titles(pond) == ALL_TITLES
        assert len(there.wishes) > 1

    @asynchronous
    async def test_a_document_that_does_not_fit_is_set_aside_and_the_pond_is_ready(
        self, rapids: Broker, database: Database[dict[str, Any]]
    ) -> None:
        pond = Pond(database[DOMAIN], DOMAIN, ("title", "at"), times=("at",))
        await capture(rapids, **{DOMAIN: [*HISTORY, ("p_odd", {"title": "odd", "at": "soon"})]})
        transport = MemoryBus(rapids)
        async with flowing(rapids, {DOMAIN: pond}) as flow:
            await until(lambda: flow.ready)
            (letter,) = await until(lambda: transport.dead_letters("papers"))
            assert "p_odd" in letter.letter.error
        assert titles(pond) == ALL_TITLES

    @asynchronous
    async def test_it_asks_until_somebody_promises(self, rapids: Broker, pond: Pond) -> None:
        async with flowing(rapids, {DOMAIN: pond}) as flow:
            await until(lambda: pond.snapshots.get(DOMAIN))
            assert not flow.ready
            await capture(rapids)
            await until(lambda: flow.ready)
        assert titles(pond) == ALL_TITLES

    @asynchronous
    async def test_one_that_is_complete_asks_for_nothing(self, rapids: Broker, pond: Pond) -> None:
        there = await capture(rapids)
        async with flowing(rapids, {DOMAIN: pond}) as flow:
            await until(lambda: flow.ready)
        async with flowing(rapids, {DOMAIN: pond}) as flow:
            await until(lambda: flow.ready)
        assert len(there.wishes) == 1

    @asynchronous
    async def test_two_instances_get_one_snapshot(self, rapids: Broker, pond: Pond) -> None:
        await capture(rapids)
        async with flowing(rapids, {DOMAIN: pond}) as one, flowing(rapids, {DOMAIN: pond}) as two:
            await until(lambda: one.ready and two.ready)
        assert titles(pond) == ALL_TITLES

    @asynchronous
    async def test_less_and_less_often_when_it_lacks_a_page_each_time(
        self, rapids: Broker, pond: Pond, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "QUIET_SECONDS", 0.4)
        there = await capture(rapids)
        there.loses_a_page = True
        async with flowing(rapids, {DOMAIN: pond}) as flow:
            await until(lambda: len(there.times) >= 4)
            assert not flow.ready
        waits = [later - earlier for earlier, later in pairwise(there.times)]
        assert waits[1] >= 0.8 and waits[2] >= 1.6, waits

    @asynchronous
    async def test_a_snapshot_of_which_nothing_comes_is_asked_for_again(
        self, rapids: Broker, pond: Pond, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "QUIET_SECONDS", 0.5)
        there = await capture(rapids)
        there.holds_back = True
        async with flowing(rapids, {DOMAIN: pond}) as flow:
            await until(lambda: len(there.wishes) >= 2)
            assert not there.wishes[1].again
            await there.give("papers", DOMAIN)
            await until(lambda: flow.ready)


class TestLoss:
    @asynchronous
    async def test_rapids_that_were_lost_are_made_up_for_while_the_pond_is_shown(
        self, rapids: Broker, pond: Pond
    ) -> None:
        there = await capture(rapids)
        teller = MemoryBus(rapids)
        async with flowing(rapids, {DOMAIN: pond}) as flow:
            await until(lambda: flow.ready)
            there.holds_back = True
            rapids.wipe()
            await until(lambda: len(there.wishes) == 2)
            assert flow.ready
            there._histories[DOMAIN].append(("p_1", {"title": "changed meanwhile"}))
            there._histories[DOMAIN].append(("p_2", None))
            await there.give("papers", DOMAIN)
            await until(lambda: "changed meanwhile" in titles(pond))
            await teller.publish_events([event(DOMAIN, 99, "p_9", {"title": "after"})])
            await until(lambda: "after" in titles(pond))
        assert titles(pond) == ["0", "changed meanwhile", "3", "4", "5", "6", "7", "8", "after"]


class TestRebuild:
    @asynchronous
    async def test_a_pond_is_made_anew_while_it_is_shown(self, rapids: Broker, pond: Pond) -> None:
        there = await capture(rapids)
        operator = MemoryBus(rapids)
        async with flowing(rapids, {DOMAIN: pond}) as flow:
            await until(lambda: flow.ready)
            pond.collection.update_one({"_id": "p_3"}, {"$set": {"title": "spoilt"}})
            pond.collection.delete_one({"_id": "p_4"})
            there.holds_back = True
            standing = await order(operator, rebuild=True)
            assert not standing.domains[DOMAIN].complete and standing.domains[DOMAIN].run
            assert flow.ready and len(titles(pond)) == 8
            await there.give("papers", DOMAIN)
            await until(lambda: done(operator))
        assert titles(pond) == ALL_TITLES

    @asynchronous
    async def test_from_nothing(self, rapids: Broker, pond: Pond) -> None:
        there = await capture(rapids)
        operator = MemoryBus(rapids)
        async with flowing(rapids, {DOMAIN: pond}) as flow:
            await until(lambda: flow.ready)
            there.holds_back = True
            await order(operator, rebuild=True, empty=True)
            assert titles(pond) == []
            await until(lambda: not flow.ready)
            await operator.publish_events([event(DOMAIN, 99, "p_9", {"title": "meanwhile"})])
            await there.give("papers", DOMAIN)
            await until(lambda: flow.ready)
            standing = await order(operator)
            assert (standing.domains[DOMAIN].complete, standing.domains[DOMAIN].pages) == (True, 5)
            await until(lambda: len(titles(pond)) == 10)

    @asynchronous
    async def test_an_order_before_there_is_a_river(self, rapids: Broker, pond: Pond) -> None:
        own = Riverless(rapids)
        async with flowing(rapids, {DOMAIN: pond}, transport=own):
            operator = MemoryBus(rapids)
            await until(lambda: rapids.replier("rebuild.papers"))
            standing = await order(operator, rebuild=True)
        assert standing.problem and "no river" in standing.problem
        assert pond.snapshots.get(DOMAIN) is None


class Riverless(MemoryBus):
    """Is connected, to a server without rapids."""

    async def open_river(self, name: str, domains: Sequence[str]) -> Any:
        raise Unavailable("there are no rapids")


async def done(operator: MemoryBus) -> bool:
    return (await order(operator)).domains[DOMAIN].complete
