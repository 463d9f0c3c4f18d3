"""What a flow does with events: together, apart, again, aside; and while something is away."""

import asyncio
import time
from collections.abc import Sequence
from itertools import pairwise
from threading import Lock
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from pymongo.database import Database

from kit.http.problems import DependencyTimeout, DependencyUnavailable
from step3_async.contracts.envelope import Event
from step3_async.rapids.consumer import ProcessedEvents, in_flight, telemetry
from step3_async.rapids.consumer.batch_loop import FIRST_LIMIT
from step3_async.rapids.consumer.processed_events import processed_index
from tests.step3.consumers import RecordingHandler, running_consumer
from tests.step3.nats_rapids import asynchronous, until
from tests.step3.rivers import event
from tests.support.eventually import PATIENCE
from tests.support.memory_bus import Broker, MemoryBus

DOMAIN = "papers"
FAILING = f"{DOMAIN}-7"


def some(first: int, last: int) -> list[Event]:
    return [event(DOMAIN, number, f"p_{number}", {}) for number in range(first, last + 1)]


def ids(first: int, last: int) -> list[str]:
    return [each.event_id for each in some(first, last)]


@pytest.fixture
def rapids() -> Broker:
    return Broker()


def failing(times: int = 10**9, error: type[Exception] = ValueError) -> Any:
    """Fails with one of the events, so often."""
    left, lock = [times], Lock()

    def do(given: Event) -> None:
        with lock:
            if given.event_id == FAILING and left[0] > 0:
                left[0] -= 1
                raise error("no good")

    return do


class TestBatches:
    @asynchronous
    async def test_everything_is_handled_and_acknowledged(self, rapids: Broker) -> None:
        taker, there = RecordingHandler(), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        await there.publish_events(some(1, 100))
        async with running_consumer(rapids, {DOMAIN: taker}, batch_size=32):
            await there.publish_events(some(101, 120))
            await until(lambda: len(taker.handled) == 120)
            await until(lambda: nothing_pending(river))
        assert taker.handled == ids(1, 120)
        assert max(len(batch) for batch in taker.batches) > 8
        assert all(len(batch) <= 32 for batch in taker.batches)

    @asynchronous
    async def test_applied_is_published_before_events_are_acknowledged(self, rapids: Broker) -> None:
        there, found = MemoryBus(rapids), []
        river = await there.open_river("papers", [DOMAIN])

        async def on_applied(domain: str, documents: list[tuple[str, int]]) -> None:
            found.append((domain, documents, await river.pending()))

        async with running_consumer(rapids, {DOMAIN: RecordingHandler()}, on_applied=on_applied):
            await there.publish_events(some(1, 1))
            await until(lambda: nothing_pending(river))
        assert found == [(DOMAIN, [("p_1", 7)], 1)]

    @asynchronous
    async def test_what_is_too_slow_at_once_is_done_in_parts(self, rapids: Broker) -> None:
        class Slow(RecordingHandler):
            def apply(self, events: Sequence[Event]) -> list[tuple[str, int]]:
                if len(events) > 2:
                    raise DependencyTimeout("MongoDB")
                return super().apply(events)

        taker, there = Slow(), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        await there.publish_events(some(1, 8))
        async with running_consumer(rapids, {DOMAIN: taker}, delays=()):
            await until(lambda: nothing_pending(river))
        assert taker.batches == [ids(1, 2), ids(3, 4), ids(5, 6), ids(7, 8)]
        assert not rapids.dead_letters()

    @asynchronous
    async def test_large_events_come_in_small_batches(self, rapids: Broker) -> None:
        taker, there = RecordingHandler(), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        large = "x" * 1_000_000
        await there.publish_events(
            [event(DOMAIN, number, "p", {}, payload={"t": large}) for number in range(40)]
        )
        async with running_consumer(rapids, {DOMAIN: taker}):
            await until(lambda: nothing_pending(river))
        assert max(len(batch) for batch in taker.batches[2:]) <= 8

    @asynchronous
    async def test_consumer_continues_if_it_cannot_publish_applied(self, rapids: Broker) -> None:
        there = MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])

        async def on_applied(*_: Any) -> None:
            raise RuntimeError

        async with running_consumer(rapids, {DOMAIN: RecordingHandler()}, on_applied=on_applied):
            await there.publish_events(some(1, 3))
            await until(lambda: nothing_pending(river))

    @asynchronous
    async def test_of_much_the_next_batch_is_read_while_one_is_handled(self, rapids: Broker) -> None:
        taker, there = RecordingHandler(), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        other = await there.open_river("papers", [DOMAIN])
        taker.gate.clear()
        await there.publish_events(some(1, FIRST_LIMIT))
        async with running_consumer(rapids, {DOMAIN: taker}):
            await until(lambda: taker.batches)
            await there.publish_events(some(FIRST_LIMIT + 1, FIRST_LIMIT + 1))
            await until(lambda: pending(river, FIRST_LIMIT + 1))
            await until(lambda: nobody_gets(other))
            taker.gate.set()
            await until(lambda: nothing_pending(river))
        assert taker.batches == [ids(1, FIRST_LIMIT), ids(FIRST_LIMIT + 1, FIRST_LIMIT + 1)]

    @asynchronous
    async def test_after_few_all_that_has_come_meanwhile_is_handled_together(self, rapids: Broker) -> None:
        taker, there = RecordingHandler(), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        taker.gate.clear()
        async with running_consumer(rapids, {DOMAIN: taker}):
            await there.publish_events(some(1, 1))
            await until(lambda: taker.batches)
            await there.publish_events(some(2, 2))
            await asyncio.sleep(0.1)  # long enough for who would read it now
            await there.publish_events(some(3, 3))
            taker.gate.set()
            await until(lambda: nothing_pending(river))
        assert taker.batches == [ids(1, 1), ids(2, 3)]

    @asynchronous
    async def test_events_in_flight_are_not_delivered_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(in_flight, "KEEP_ALIVE_SECONDS", 0.2)
        rapids = Broker(ack_seconds=4)  # far more than that
        taker, there = RecordingHandler(), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        taker.gate.clear()
        async with running_consumer(rapids, {DOMAIN: taker}):
            await there.publish_events(some(1, 1))
            await until(lambda: taker.batches)
            until_then = time.monotonic() + 6
            while time.monotonic() < until_then:
                assert not await river.fetch(1, 0.2)
            taker.gate.set()
            await until(lambda: nothing_pending(river))
        assert taker.batches == [ids(1, 1)]


class TestFailures:
    @asynchronous
    async def test_failing_event_blocks_no_other_and_is_dead_lettered_after_five_tries(
        self, rapids: Broker
    ) -> None:
        taker, there = RecordingHandler(failing()), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        await there.publish_events(some(1, 20))
        async with running_consumer(rapids, {DOMAIN: taker}):
            await until(lambda: rapids.dead_letters("papers"))
            await until(lambda: nothing_pending(river))
        (kept,) = rapids.dead_letters("papers")
        assert kept.letter.attempts == 5
        assert kept.letter.error == "ValueError: no good"
        assert Event.model_validate_json(kept.letter.data).event_id == FAILING
        assert set(taker.handled) == set(ids(1, 20)) - {FAILING}

    @asynchronous
    async def test_tries_wait_longer_and_longer(self, rapids: Broker) -> None:
        times: list[float] = []

        def do(_given: Event) -> None:
            times.append(time.monotonic())
            raise ValueError

        there = MemoryBus(rapids)
        await there.open_river("papers", [DOMAIN])
        async with running_consumer(rapids, {DOMAIN: RecordingHandler(do)}, delays=(0.05, 0.2, 0.4)):
            await there.publish_events(some(1, 1))
            await until(rapids.dead_letters)
        waits = [later - earlier for earlier, later in pairwise(times)]
        assert len(waits) == 3
        assert all(waited >= wait for waited, wait in zip(waits, (0.05, 0.2, 0.4), strict=True)), waits

    @asynchronous
    async def test_event_that_succeeds_at_a_retry_is_not_dead_lettered(self, rapids: Broker) -> None:
        taker, there = RecordingHandler(failing(times=6)), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        await there.publish_events(some(1, 20))
        async with running_consumer(rapids, {DOMAIN: taker}):
            await until(lambda: nothing_pending(river))
        assert set(taker.handled) == set(ids(1, 20))
        assert not rapids.dead_letters()

    @asynchronous
    async def test_malformed_event_is_dead_lettered_at_once(self, rapids: Broker) -> None:
        taker, there = RecordingHandler(), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        course = rapids.consumer("papers", [DOMAIN])
        for raw in (b"\xff\xfe", b'{"secret": "x"}', b"[]"):
            course.add(raw)
        await there.publish_events(some(1, 1))
        async with running_consumer(rapids, {DOMAIN: taker}):
            await until(lambda: nothing_pending(river))
        assert [each.letter.data for each in rapids.dead_letters()] == [
            b"\xff\xfe",
            b'{"secret": "x"}',
            b"[]",
        ]
        assert all(each.letter.attempts == 1 for each in rapids.dead_letters())
        assert taker.handled == ids(1, 1)

    @asynchronous
    async def test_one_that_is_put_back_is_tried_again(self, rapids: Broker) -> None:
        taker, there = RecordingHandler(failing(times=2 * 5)), MemoryBus(rapids)
        await there.open_river("papers", [DOMAIN])
        async with running_consumer(rapids, {DOMAIN: taker}):
            await there.publish_events(some(7, 7))
            await until(rapids.dead_letters)
            await there.redrive(rapids.dead_letters()[0])
            await until(lambda: not rapids.dead_letters())
            await until(rapids.dead_letters)
            await there.redrive(rapids.dead_letters()[0])
            await until(lambda: taker.handled)
        assert not rapids.dead_letters()

    @asynchronous
    @pytest.mark.parametrize("problem", [DependencyUnavailable, DependencyTimeout])
    async def test_a_store_that_is_away_costs_no_try(self, rapids: Broker, problem: type[Exception]) -> None:
        taker, there = RecordingHandler(failing(times=4, error=problem)), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        await there.publish_events(some(1, 20))
        async with running_consumer(rapids, {DOMAIN: taker}, delays=()):
            await until(lambda: nothing_pending(river))
        assert set(taker.handled) == set(ids(1, 20))
        assert not rapids.dead_letters()


class TestEnds:
    @asynchronous
    async def test_what_is_at_work_is_finished(self, rapids: Broker) -> None:
        taker, there = RecordingHandler(), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        taker.gate.clear()
        async with running_consumer(rapids, {DOMAIN: taker}) as consumer:
            await there.publish_events(some(1, 1))
            await until(lambda: taker.batches)
            taker.gate.set()
            await consumer.stop()
            assert taker.handled == ids(1, 1)
        assert await river.pending() == 0

    @asynchronous
    async def test_while_events_come_and_come(self, rapids: Broker) -> None:
        def pause(given: Event) -> None:
            if given.event_id == f"{DOMAIN}-10":
                taker.gate.clear()

        taker, there = RecordingHandler(pause), MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        await there.publish_events(some(1, 2000))
        async with running_consumer(rapids, {DOMAIN: taker}, batch_size=1) as consumer:
            await until(lambda: len(taker.batches) > len(taker.handled) >= 10)
            stopping = asyncio.create_task(consumer.stop())
            await asyncio.sleep(0)
            taker.gate.set()
            await stopping
            handled = list(taker.handled)
        assert len(handled) < 2000
        # Nobody has to wait for what is left.
        left = await river.fetch(2000, 0)
        assert {Event.model_validate_json(each.data).event_id for each in left} == set(ids(1, 2000)) - set(
            handled
        )

    @asynchronous
    async def test_within_its_time_though_the_store_is_away_or_hangs(self, rapids: Broker) -> None:
        there = MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        await there.publish_events(some(7, 7))
        async with running_consumer(
            rapids, {DOMAIN: RecordingHandler(failing(error=DependencyUnavailable))}
        ) as consumer:
            await until(lambda: consumer.pending)
            await asyncio.wait_for(consumer.stop(timeout=2 * PATIENCE), PATIENCE)
        hangs = RecordingHandler()
        hangs.gate.clear()
        async with running_consumer(rapids, {DOMAIN: hangs}) as consumer:
            await until(lambda: hangs.batches)
            await asyncio.wait_for(consumer.stop(timeout=0.3), PATIENCE)
            hangs.gate.set()
        assert len(await river.fetch(5, 1)) == 1

    @asynchronous
    async def test_before_there_was_a_connection(self, rapids: Broker) -> None:
        there = MemoryBus(rapids)
        there.lose()
        async with running_consumer(rapids, {DOMAIN: RecordingHandler()}, transport=there) as consumer:
            assert not consumer.ready


class TestConnection:
    @asynchronous
    async def test_it_begins_when_there_is_one(self, rapids: Broker) -> None:
        there, taker, own = MemoryBus(rapids), RecordingHandler(), MemoryBus(rapids)
        await there.open_river("papers", [DOMAIN])
        await there.publish_events(some(1, 5))
        own.lose()
        async with running_consumer(rapids, {DOMAIN: taker}, transport=own):
            own.restore()
            await until(lambda: taker.handled == ids(1, 5))

    @asynchronous
    async def test_consumer_continues_after_a_lost_connection(self, rapids: Broker) -> None:
        there, taker, own = MemoryBus(rapids), RecordingHandler(), MemoryBus(rapids)
        await there.open_river("papers", [DOMAIN])
        async with running_consumer(rapids, {DOMAIN: taker}, transport=own) as consumer:
            await there.publish_events(some(1, 5))
            await until(lambda: taker.handled == ids(1, 5))
            own.lose()
            await there.publish_events(some(6, 9))
            own.restore()
            await until(lambda: taker.handled == ids(1, 9))
            await until(lambda: consumer.pending == 0)

    @asynchronous
    async def test_two_share_a_river(self, rapids: Broker) -> None:
        there, takers = MemoryBus(rapids), [RecordingHandler(), RecordingHandler()]
        river = await there.open_river("papers", [DOMAIN])
        async with (
            running_consumer(rapids, {DOMAIN: takers[0]}),
            running_consumer(rapids, {DOMAIN: takers[1]}),
        ):
            for number in range(1, 201):
                await there.publish_events(some(number, number))
            await until(lambda: nothing_pending(river))
        assert sorted(takers[0].handled + takers[1].handled) == sorted(ids(1, 200))

    @asynchronous
    async def test_ready_is_who_has_dealt_with_what_was_there_at_the_start(self, rapids: Broker) -> None:
        taker, there = RecordingHandler(), MemoryBus(rapids)
        await there.open_river("papers", [DOMAIN])
        await there.publish_events(some(1, 5))
        taker.gate.clear()
        async with running_consumer(rapids, {DOMAIN: taker}) as consumer:
            await until(lambda: consumer.pending == 5)
            assert not consumer.ready
            taker.gate.set()
            await until(lambda: consumer.ready)


class TestTelemetry:
    @asynchronous
    async def test_metrics_count_what_comes_of_events(self, rapids: Broker) -> None:
        there = MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        before = {each: counted(each) for each in ("handled", "failed", "dead-lettered")}
        lags = sample("rapids_lag_seconds_count", river="papers")
        async with running_consumer(rapids, {DOMAIN: RecordingHandler(failing())}):
            await there.publish_events(some(1, 20))
            await until(lambda: nothing_pending(river))
            assert sample("rapids_pending_events", river="papers") is not None
        assert {each: counted(each) - before[each] for each in before} == {
            "handled": 19,
            "failed": 5,
            "dead-lettered": 1,
        }
        assert sample("rapids_lag_seconds_count", river="papers") - lags == 19

    @asynchronous
    async def test_a_span_is_linked_to_what_caused_its_events(
        self, rapids: Broker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        monkeypatch.setattr(telemetry, "_tracer", provider.get_tracer("test"))
        there = MemoryBus(rapids)
        river = await there.open_river("papers", [DOMAIN])
        causes = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2)]
        found = [
            event(DOMAIN, number, "p", {}, traceparent=causes[number % 2] if number < 4 else None)
            for number in range(6)
        ]
        await there.publish_events(found)
        async with running_consumer(rapids, {DOMAIN: RecordingHandler()}):
            await until(lambda: nothing_pending(river))
        (span,) = exporter.get_finished_spans()
        assert span.name == "papers handles papers"
        assert sorted(link.context.trace_id for link in span.links) == [1, 2]


class TestProcessedEvents:
    def test_an_effect_is_had_once(self, database: Database[dict[str, Any]]) -> None:
        database["seen"].create_indexes([processed_index()])
        seen, other = ProcessedEvents(database["seen"]), ProcessedEvents(database["seen"])
        assert seen.add("one")
        assert not other.add("one") and not seen.add("one")
        assert other.add("two")
        seen.remove("one")
        assert other.add("one")


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def counted(outcome: str) -> float:
    return sample("rapids_events_total", river="papers", outcome=outcome)


async def nothing_pending(river: Any) -> bool:
    return await pending(river, 0)


async def pending(river: Any, count: int) -> bool:
    return bool(await river.pending() == count)


async def nobody_gets(river: Any) -> bool:
    """Return whether all events have been delivered, and return the rest to the river."""
    for each in await river.fetch(10, 0):
        await each.nak(0)
        return False
    return True
