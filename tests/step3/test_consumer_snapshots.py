"""A consumer fills its ponds with what happened before their river began, and can rebuild them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from pymongo.database import Database
from structlog.testing import capture_logs

from step3_async.rapids.bus import Unavailable
from step3_async.rapids.consumer import snapshots
from step3_async.rapids.messages import (
    SNAPSHOT_REQUEST,
    RebuildRequest,
    SnapshotAccepted,
    SnapshotProgress,
    SnapshotRequest,
)
from step3_async.rapids.pond import Pond
from tests.step3.consumers import Capture, request_rebuild, running_consumer
from tests.step3.histories import Change, event, snapshot
from tests.step3.nats_helpers import asynchronous, until
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
    async def test_new_pond_is_ready_once_it_is_complete(
        self, rapids: Broker, pond: Pond, other: Pond
    ) -> None:
        capturing = await capture(rapids)
        capturing.holds_back = True
        async with running_consumer(rapids, {DOMAIN: pond, OTHER: other}) as consumer:
            await until(lambda: capturing.requests)
            assert capturing.requests[0].domains == [OTHER, DOMAIN] and capturing.requests[0].again
            await capturing.give("papers", OTHER)
            await until(lambda: other.snapshots.get(OTHER).was_complete)  # type: ignore[union-attr]
            assert not consumer.ready
            await capturing.give("papers", DOMAIN)
            await until(lambda: consumer.ready)
        assert titles(pond) == ALL_TITLES
        assert len(capturing.requests) == 1

    @asynchronous
    async def test_late_acceptance_gets_more_time(
        self, rapids: Broker, pond: Pond, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "ACCEPT_SECONDS", 0.05)
        capturing = await capture(rapids)
        capturing.replies_after = 0.5
        async with running_consumer(rapids, {DOMAIN: pond}) as consumer:
            await until(lambda: consumer.ready)
        assert titles(pond) == ALL_TITLES
        assert len(capturing.requests) > 1

    @asynchronous
    async def test_invalid_document_is_dead_lettered_and_the_pond_is_ready(
        self, rapids: Broker, database: Database[dict[str, Any]]
    ) -> None:
        pond = Pond(database[DOMAIN], DOMAIN, ("title", "at"), times=("at",))
        await capture(rapids, **{DOMAIN: [*HISTORY, ("p_odd", {"title": "odd", "at": "soon"})]})
        transport = MemoryBus(rapids)
        async with running_consumer(rapids, {DOMAIN: pond}) as consumer:
            await until(lambda: consumer.ready)
            (letter,) = await until(lambda: transport.dead_letters("papers"))
            assert "p_odd" in letter.dead_letter.error
        assert titles(pond) == ALL_TITLES

    @asynchronous
    async def test_snapshot_is_requested_until_one_is_accepted(self, rapids: Broker, pond: Pond) -> None:
        async with running_consumer(rapids, {DOMAIN: pond}) as consumer:
            await until(lambda: pond.snapshots.get(DOMAIN))
            assert not consumer.ready
            await capture(rapids)
            await until(lambda: consumer.ready)
        assert titles(pond) == ALL_TITLES

    @asynchronous
    async def test_domain_that_capture_does_not_follow_is_logged_once(
        self, rapids: Broker, pond: Pond, other: Pond
    ) -> None:
        capturing = await capture(rapids, **{DOMAIN: list(HISTORY)})
        with capture_logs() as logs:
            async with running_consumer(rapids, {DOMAIN: pond, OTHER: other}) as consumer:
                await until(lambda: len(capturing.requests) > 2)
                assert not consumer.ready
        assert [each["domains"] for each in logs if each["log_level"] == "warning"] == [[OTHER]]

    @asynchronous
    async def test_complete_pond_requests_nothing(self, rapids: Broker, pond: Pond) -> None:
        capturing = await capture(rapids)
        async with running_consumer(rapids, {DOMAIN: pond}) as consumer:
            await until(lambda: consumer.ready)
        async with running_consumer(rapids, {DOMAIN: pond}) as consumer:
            await until(lambda: consumer.ready)
        assert len(capturing.requests) == 1

    @asynchronous
    async def test_two_instances_get_one_snapshot(self, rapids: Broker, pond: Pond) -> None:
        await capture(rapids)
        async with (
            running_consumer(rapids, {DOMAIN: pond}) as one,
            running_consumer(rapids, {DOMAIN: pond}) as two,
        ):
            await until(lambda: one.ready and two.ready)
        assert titles(pond) == ALL_TITLES

    @asynchronous
    async def test_incomplete_snapshots_are_requested_less_and_less_often(
        self, rapids: Broker, pond: Pond, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "QUIET_SECONDS", 0.4)
        capturing = await capture(rapids)
        capturing.loses_a_page = True
        async with running_consumer(rapids, {DOMAIN: pond}) as consumer:
            await until(lambda: len(capturing.times) >= 4)
            assert not consumer.ready
            operator = MemoryBus(rapids)

            async def is_at_the_gap() -> bool:
                return (await request_rebuild(operator)).domains[DOMAIN].reached == "p_1"

            await until(is_at_the_gap)
        waits = [later - earlier for earlier, later in pairwise(capturing.times)]
        assert waits[1] >= 0.8 and waits[2] >= 1.6, waits

    @asynchronous
    async def test_snapshot_without_pages_is_requested_again(
        self, rapids: Broker, pond: Pond, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "QUIET_SECONDS", 0.5)
        capturing = await capture(rapids)
        capturing.holds_back = True
        async with running_consumer(rapids, {DOMAIN: pond}) as consumer:
            await until(lambda: len(capturing.requests) >= 2)
            assert not capturing.requests[1].again
            await capturing.give("papers", DOMAIN)
            await until(lambda: consumer.ready)


class TestLoss:
    @asynchronous
    async def test_pond_is_shown_while_a_snapshot_replaces_lost_events(
        self, rapids: Broker, pond: Pond
    ) -> None:
        capturing = await capture(rapids)
        publisher = MemoryBus(rapids)
        async with running_consumer(rapids, {DOMAIN: pond}) as consumer:
            await until(lambda: consumer.ready)
            capturing.holds_back = True
            rapids.wipe()
            await until(lambda: len(capturing.requests) == 2)
            assert consumer.ready
            capturing._histories[DOMAIN].append(("p_1", {"title": "changed meanwhile"}))
            capturing._histories[DOMAIN].append(("p_2", None))
            await capturing.give("papers", DOMAIN)
            await until(lambda: "changed meanwhile" in titles(pond))
            await publisher.publish_events([event(DOMAIN, 99, "p_9", {"title": "after"})])
            await until(lambda: "after" in titles(pond))
        assert titles(pond) == ["0", "changed meanwhile", "3", "4", "5", "6", "7", "8", "after"]


class TestRebuild:
    @asynchronous
    async def test_rebuild_shows_the_pond_meanwhile(self, rapids: Broker, pond: Pond) -> None:
        capturing = await capture(rapids)
        operator = MemoryBus(rapids)
        async with running_consumer(rapids, {DOMAIN: pond}) as consumer:
            await until(lambda: consumer.ready)
            pond.collection.update_one({"_id": "p_3"}, {"$set": {"title": "spoilt"}})
            pond.collection.delete_one({"_id": "p_4"})
            capturing.holds_back = True
            status = await request_rebuild(operator, rebuild=True)
            assert not status.domains[DOMAIN].complete and status.domains[DOMAIN].run
            assert capturing.requests[-1].again
            assert consumer.ready and len(titles(pond)) == 8
            await capturing.give("papers", DOMAIN)
            await until(lambda: done(operator))
        assert titles(pond) == ALL_TITLES

    @asynchronous
    async def test_rebuild_from_nothing_empties_the_pond_first(self, rapids: Broker, pond: Pond) -> None:
        capturing = await capture(rapids)
        operator = MemoryBus(rapids)
        async with running_consumer(rapids, {DOMAIN: pond}) as consumer:
            await until(lambda: consumer.ready)
            capturing.holds_back = True
            await request_rebuild(operator, rebuild=True, empty=True)
            assert titles(pond) == []
            await until(lambda: not consumer.ready)
            await operator.publish_events([event(DOMAIN, 99, "p_9", {"title": "meanwhile"})])
            await capturing.give("papers", DOMAIN)
            await until(lambda: consumer.ready)
            status = await request_rebuild(operator)
            assert (status.domains[DOMAIN].complete, status.domains[DOMAIN].pages) == (True, 5)
            await until(lambda: len(titles(pond)) == 10)

    @asynchronous
    async def test_rebuild_before_there_is_a_river(self, rapids: Broker, pond: Pond) -> None:
        own = Riverless(rapids)
        async with running_consumer(rapids, {DOMAIN: pond}, transport=own):
            operator = MemoryBus(rapids)
            await until(lambda: rapids.replier("rebuild.papers"))
            status = await request_rebuild(operator, rebuild=True)
        assert status.problem and "no river" in status.problem
        assert pond.snapshots.get(DOMAIN) is None

    @asynchronous
    async def test_progress_of_a_new_pond_is_nothing(self, rapids: Broker, pond: Pond) -> None:
        of_papers = snapshots.Snapshots(MemoryBus(rapids), "papers", {DOMAIN: pond})
        nothing = SnapshotProgress(run=None, complete=False, pages=0, reached=None)
        assert await of_papers.rebuild(RebuildRequest(), "epoch") == {DOMAIN: nothing}


class TestRequests:
    @pytest.fixture
    def of_papers(self, rapids: Broker, pond: Pond) -> snapshots.Snapshots:
        return snapshots.Snapshots(MemoryBus(rapids), "papers", {DOMAIN: pond})

    @asynchronous
    async def test_request_of_another_instance_is_repeated_once_overdue(
        self, rapids: Broker, pond: Pond, of_papers: snapshots.Snapshots, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "QUIET_SECONDS", 0.0)
        capturing = await capture(rapids)
        capturing.holds_back = True
        pond.snapshots.record_request(DOMAIN, "epoch")
        for _ in range(2):
            await of_papers.look("epoch", 0)
        assert capturing.requests == []
        monkeypatch.setattr(snapshots, "OVERDUE_SECONDS", -1.0)
        await of_papers.look("epoch", 0)
        assert [each.again for each in capturing.requests] == [True]

    @asynchronous
    async def test_accepted_request_is_not_overdue(
        self, rapids: Broker, of_papers: snapshots.Snapshots, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "OVERDUE_SECONDS", -1.0)
        capturing = await capture(rapids)
        capturing.holds_back = True
        for _ in range(3):
            await of_papers.look("epoch", 0)
        assert len(capturing.requests) == 1

    @asynchronous
    async def test_snapshot_is_not_stalled_while_events_are_pending_or_once_complete(
        self, rapids: Broker, pond: Pond, of_papers: snapshots.Snapshots, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(snapshots, "QUIET_SECONDS", 0.0)
        capturing = await capture(rapids)
        capturing.holds_back = True
        for _ in range(3):
            await of_papers.look("epoch", 1)
        assert len(capturing.requests) == 1
        for page in snapshot(DOMAIN, HISTORY, 9, "run-papers-1"):
            pond.apply([page])
        for _ in range(3):
            await of_papers.look("epoch", 0)
        assert len(capturing.requests) == 1 and of_papers.complete

    @asynchronous
    async def test_waits_for_a_reply_double_after_each_one_that_is_late(
        self, rapids: Broker, of_papers: snapshots.Snapshots, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(of_papers, "_accept_seconds", 0.02)
        await of_papers.look("epoch", 0)
        assert of_papers._accept_seconds == 0.02, "nobody was there to reply"
        capturing = await capture(rapids)
        capturing.replies_after = 0.5
        for seconds in (0.04, 0.08):
            await of_papers.look("epoch", 0)
            assert of_papers._accept_seconds == seconds

    @asynchronous
    async def test_domain_that_nobody_captures_is_requested_again(
        self, rapids: Broker, pond: Pond, other: Pond
    ) -> None:
        of_both = snapshots.Snapshots(MemoryBus(rapids), "papers", {DOMAIN: pond, OTHER: other})
        requests: list[SnapshotRequest] = []

        async def accept_papers(text: bytes) -> bytes:
            requests.append(SnapshotRequest.model_validate_json(text))
            return SnapshotAccepted(runs={DOMAIN: "run", "unheard-of": "run"}).model_dump_json().encode()

        await MemoryBus(rapids).reply(SNAPSHOT_REQUEST, accept_papers)
        for _ in range(2):
            await of_both.look("epoch", 0)
        assert [each.domains for each in requests] == [[OTHER, DOMAIN], [OTHER]]


class Riverless(MemoryBus):
    """A bus that is connected to a server without rapids."""

    async def open_river(self, name: str, domains: Sequence[str]) -> Any:
        raise Unavailable("there are no rapids")


async def done(operator: MemoryBus) -> bool:
    return (await request_rebuild(operator)).domains[DOMAIN].complete
