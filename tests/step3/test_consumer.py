"""A consumer: batches, retries, dead letters, its end, and its behaviour during outages."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from threading import Lock
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import REGISTRY
from pymongo.database import Database

from kit.http.problems import DependencyTimeout, DependencyUnavailable
from step3_async.contracts.envelope import Event, now
from step3_async.rapids.bus import Unavailable
from step3_async.rapids.consumer import Consumer, ProcessedEvents, in_flight, retry_policy, telemetry
from step3_async.rapids.consumer.batch_loop import FIRST_LIMIT
from step3_async.rapids.consumer.in_flight import InFlight
from step3_async.rapids.consumer.monitor import Monitor
from step3_async.rapids.consumer.processed_events import processed_index
from step3_async.rapids.consumer.retry_policy import RetryPolicy
from step3_async.rapids.consumer.snapshots import Snapshots
from tests.step3.consumers import RecordingHandler, running_consumer
from tests.step3.histories import event
from tests.step3.nats_helpers import asynchronous, until
from tests.support.eventually import PATIENCE
from tests.support.memory_bus import Broker, MemoryBus

DOMAIN = "papers"
FAILING = f"{DOMAIN}-7"


def numbered_events(first: int, last: int) -> list[Event]:
    return [event(DOMAIN, number, f"p_{number}", {}) for number in range(first, last + 1)]


def ids(first: int, last: int) -> list[str]:
    return [each.event_id for each in numbered_events(first, last)]


@pytest.fixture
def rapids() -> Broker:
    return Broker()


def failing(times: int = 10**9, error: type[Exception] = ValueError) -> Any:
    """Return a function that fails `times` times, with one of the events."""
    left, lock = [times], Lock()

    def do(given: Event) -> None:
        with lock:
            if given.event_id == FAILING and left[0] > 0:
                left[0] -= 1
                raise error("no good")

    return do


class TestBatches:
    @asynchronous
    async def test_all_events_are_handled_and_acknowledged(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 100))
        async with running_consumer(rapids, {DOMAIN: handler}, batch_size=32):
            await bus.publish_events(numbered_events(101, 120))
            await until(lambda: len(handler.handled) == 120)
            await until(lambda: nothing_pending(river))
        assert handler.handled == ids(1, 120)
        assert max(len(batch) for batch in handler.batches) > 8
        assert all(len(batch) <= 32 for batch in handler.batches)

    @asynchronous
    async def test_applied_is_published_before_events_are_acknowledged(self, rapids: Broker) -> None:
        bus, found = MemoryBus(rapids), []
        river = await bus.open_river("papers", [DOMAIN])

        async def on_applied(domain: str, documents: list[tuple[str, int]]) -> None:
            found.append((domain, documents, await river.pending()))

        async with running_consumer(rapids, {DOMAIN: RecordingHandler()}, on_applied=on_applied):
            await bus.publish_events(numbered_events(1, 1))
            await until(lambda: nothing_pending(river))
        assert found == [(DOMAIN, [("p_1", 7)], 1)]

    @asynchronous
    async def test_batch_that_is_too_slow_is_split(self, rapids: Broker) -> None:
        class Slow(RecordingHandler):
            def apply(self, events: Sequence[Event]) -> list[tuple[str, int]]:
                if len(events) > 2:
                    raise DependencyTimeout("MongoDB")
                return super().apply(events)

        handler, bus = Slow(), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 8))
        async with running_consumer(rapids, {DOMAIN: handler}, delays=()):
            await until(lambda: nothing_pending(river))
        assert handler.batches == [ids(1, 2), ids(3, 4), ids(5, 6), ids(7, 8)]
        assert not rapids.dead_letters()

    @asynchronous
    async def test_large_events_come_in_small_batches(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        large = "x" * 1_000_000
        await bus.publish_events(
            [event(DOMAIN, number, "p", {}, payload={"t": large}) for number in range(40)]
        )
        async with running_consumer(rapids, {DOMAIN: handler}):
            await until(lambda: nothing_pending(river))
        assert max(len(batch) for batch in handler.batches[2:]) <= 8

    @asynchronous
    async def test_consumer_continues_if_it_cannot_publish_applied(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])

        async def on_applied(*_: Any) -> None:
            raise RuntimeError

        async with running_consumer(rapids, {DOMAIN: RecordingHandler()}, on_applied=on_applied):
            await bus.publish_events(numbered_events(1, 3))
            await until(lambda: nothing_pending(river))

    @asynchronous
    async def test_next_batch_is_read_while_a_full_one_is_handled(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        other = await bus.open_river("papers", [DOMAIN])
        handler.gate.clear()
        await bus.publish_events(numbered_events(1, FIRST_LIMIT))
        async with running_consumer(rapids, {DOMAIN: handler}):
            await until(lambda: handler.batches)
            await bus.publish_events(numbered_events(FIRST_LIMIT + 1, FIRST_LIMIT + 1))
            await until(lambda: pending(river, FIRST_LIMIT + 1))
            await until(lambda: all_delivered(other))
            handler.gate.set()
            await until(lambda: nothing_pending(river))
        assert handler.batches == [ids(1, FIRST_LIMIT), ids(FIRST_LIMIT + 1, FIRST_LIMIT + 1)]

    @asynchronous
    async def test_events_that_come_during_a_small_batch_are_handled_together(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        handler.gate.clear()
        async with running_consumer(rapids, {DOMAIN: handler}):
            await bus.publish_events(numbered_events(1, 1))
            await until(lambda: handler.batches)
            await bus.publish_events(numbered_events(2, 2))
            await asyncio.sleep(0.1)  # long enough for a consumer that would read it now
            await bus.publish_events(numbered_events(3, 3))
            handler.gate.set()
            await until(lambda: nothing_pending(river))
        assert handler.batches == [ids(1, 1), ids(2, 3)]

    @asynchronous
    async def test_events_in_flight_are_not_delivered_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(in_flight, "KEEP_ALIVE_SECONDS", 0.2)
        rapids = Broker(ack_seconds=4)  # far more than that
        handler, bus = RecordingHandler(), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        handler.gate.clear()
        async with running_consumer(rapids, {DOMAIN: handler}):
            await bus.publish_events(numbered_events(1, 1))
            await until(lambda: handler.batches)
            until_then = time.monotonic() + 6
            while time.monotonic() < until_then:
                assert not await river.fetch(1, 0.2)
            handler.gate.set()
            await until(lambda: nothing_pending(river))
        assert handler.batches == [ids(1, 1)]

    @asynchronous
    async def test_returned_events_are_delivered_at_once(self, rapids: Broker) -> None:
        bus, flying = MemoryBus(rapids), InFlight()
        river = await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 2))
        for _ in range(2):
            (delivery,) = await river.fetch(1, PATIENCE)
            flying.add([delivery])
        await flying.return_all()
        assert [each.attempt for each in await river.fetch(2, 0)] == [2, 2]
        for end in (flying.ack(delivery), flying.nak(delivery, 0)):  # a batch may still end after that
            await end


class TestFailures:
    @asynchronous
    async def test_failing_event_blocks_no_other_and_is_dead_lettered_after_five_tries(
        self, rapids: Broker
    ) -> None:
        handler, bus = RecordingHandler(failing()), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 20))
        async with running_consumer(rapids, {DOMAIN: handler}):
            await until(lambda: rapids.dead_letters("papers"))
            await until(lambda: nothing_pending(river))
        (kept,) = rapids.dead_letters("papers")
        assert kept.dead_letter.attempts == 5
        assert kept.dead_letter.error == "ValueError: no good"
        assert Event.model_validate_json(kept.dead_letter.data).event_id == FAILING
        assert set(handler.handled) == set(ids(1, 20)) - {FAILING}

    @asynchronous
    async def test_waits_between_tries_grow(self, rapids: Broker) -> None:
        times: list[float] = []

        def do(_given: Event) -> None:
            times.append(time.monotonic())
            raise ValueError

        bus = MemoryBus(rapids)
        await bus.open_river("papers", [DOMAIN])
        async with running_consumer(rapids, {DOMAIN: RecordingHandler(do)}, delays=(0.05, 0.2, 0.4)):
            await bus.publish_events(numbered_events(1, 1))
            await until(rapids.dead_letters)
        waits = [later - earlier for earlier, later in pairwise(times)]
        assert len(waits) == 3
        assert all(waited >= wait for waited, wait in zip(waits, (0.05, 0.2, 0.4), strict=True)), waits

    @asynchronous
    async def test_event_that_succeeds_at_a_retry_is_not_dead_lettered(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(failing(times=6)), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 20))
        async with running_consumer(rapids, {DOMAIN: handler}):
            await until(lambda: nothing_pending(river))
        assert set(handler.handled) == set(ids(1, 20))
        assert not rapids.dead_letters()

    @asynchronous
    async def test_malformed_event_is_dead_lettered_at_once(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        course = rapids.consumer("papers", [DOMAIN])
        for raw in (b"\xff\xfe", b'{"secret": "x"}', b"[]"):
            course.add(raw)
        await bus.publish_events(numbered_events(1, 1))
        async with running_consumer(rapids, {DOMAIN: handler}):
            await until(lambda: nothing_pending(river))
        assert [each.dead_letter.data for each in rapids.dead_letters()] == [
            b"\xff\xfe",
            b'{"secret": "x"}',
            b"[]",
        ]
        assert all(each.dead_letter.attempts == 1 for each in rapids.dead_letters())
        assert handler.handled == ids(1, 1)

    @asynchronous
    async def test_a_dead_letter_has_a_short_error_without_the_content(self, rapids: Broker) -> None:
        def do(_given: Event) -> None:
            raise ValueError("x" * 2000)

        bus = MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        rapids.consumer("papers", [DOMAIN]).add(b'{"event_id": {"secret": "y"}, "key": {"secret": "z"}}')
        await bus.publish_events(numbered_events(1, 1))
        async with running_consumer(rapids, {DOMAIN: RecordingHandler(do)}, delays=()):
            await until(lambda: nothing_pending(river))
        malformed, failed = (each.dead_letter.error for each in rapids.dead_letters())
        assert malformed.startswith("ValidationError: event_id: Input should be a valid string; ")
        assert "key: Input should be a valid string" in malformed and "secret" not in malformed
        assert failed == "ValueError: " + 988 * "x"

    @asynchronous
    async def test_a_dead_letter_that_cannot_be_stored_is_not_lost(
        self, rapids: Broker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(retry_policy, "AGAIN_SECONDS", 0.2)
        bus, kept = MemoryBus(rapids), InFlight()
        river = await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 1))
        before = counted("dead-lettered")
        policy = RetryPolicy(bus, "papers", kept, ())
        (delivery,) = await river.fetch(1, PATIENCE)
        kept.add([delivery])
        bus.lose()
        began = time.monotonic()
        await policy.dead_letter(delivery, ValueError("no good"))
        bus.restore()
        (again,) = await river.fetch(1, PATIENCE)
        assert time.monotonic() - began >= 0.2
        assert (again.attempt, rapids.dead_letters(), counted("dead-lettered") - before) == (2, [], 0)
        kept.add([again])
        await policy.dead_letter(again, ValueError("no good"))
        (letter,) = rapids.dead_letters("papers")
        assert (letter.dead_letter.attempts, letter.dead_letter.error) == (2, "ValueError: no good")
        assert (await river.pending(), kept._deliveries, counted("dead-lettered") - before) == (0, {}, 1)

    @asynchronous
    async def test_redriven_dead_letter_is_tried_again(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(failing(times=2 * 5)), MemoryBus(rapids)
        await bus.open_river("papers", [DOMAIN])
        async with running_consumer(rapids, {DOMAIN: handler}):
            await bus.publish_events(numbered_events(7, 7))
            await until(rapids.dead_letters)
            await bus.redrive(rapids.dead_letters()[0])
            await until(lambda: not rapids.dead_letters())
            await until(rapids.dead_letters)
            await bus.redrive(rapids.dead_letters()[0])
            await until(lambda: handler.handled)
        assert not rapids.dead_letters()

    @asynchronous
    @pytest.mark.parametrize("problem", [DependencyUnavailable, DependencyTimeout])
    @pytest.mark.parametrize(("first", "last"), [(7, 7), (1, 20)])
    async def test_store_that_is_away_counts_as_no_try(
        self, rapids: Broker, problem: type[Exception], first: int, last: int
    ) -> None:
        handler, bus = RecordingHandler(failing(times=4, error=problem)), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(first, last))
        async with running_consumer(rapids, {DOMAIN: handler}, delays=()):
            await until(lambda: nothing_pending(river))
        assert set(handler.handled) == set(ids(first, last))
        assert not rapids.dead_letters()


class TestStop:
    @asynchronous
    async def test_stop_finishes_the_current_batch(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        handler.gate.clear()
        async with running_consumer(rapids, {DOMAIN: handler}) as consumer:
            await bus.publish_events(numbered_events(1, 1))
            await until(lambda: handler.batches)
            handler.gate.set()
            await consumer.stop()
            assert handler.handled == ids(1, 1)
        assert await river.pending() == 0

    @asynchronous
    async def test_stop_ends_while_events_keep_coming(self, rapids: Broker) -> None:
        def pause(given: Event) -> None:
            if given.event_id == f"{DOMAIN}-10":
                handler.gate.clear()

        handler, bus = RecordingHandler(pause), MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 2000))
        async with running_consumer(rapids, {DOMAIN: handler}, batch_size=1) as consumer:
            await until(lambda: len(handler.batches) > len(handler.handled) >= 10)
            stopping = asyncio.create_task(consumer.stop())
            await asyncio.sleep(0)
            handler.gate.set()
            await stopping
            handled = list(handler.handled)
        assert len(handled) < 2000
        # The events that are left are delivered at once.
        left = await river.fetch(2000, 0)
        assert {Event.model_validate_json(each.data).event_id for each in left} == set(ids(1, 2000)) - set(
            handled
        )

    @asynchronous
    async def test_stop_ends_in_time_while_the_store_is_away_or_hangs(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(7, 7))
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
    async def test_cancelling_run_while_it_stops_is_not_swallowed(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(), MemoryBus(rapids)
        await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 1))
        handler.gate.clear()
        consumer = Consumer(bus, "papers", {DOMAIN: handler})
        running = asyncio.create_task(consumer.run())
        await until(lambda: handler.batches)
        stopping = asyncio.create_task(consumer.stop(timeout=PATIENCE))
        await asyncio.sleep(0)
        running.cancel()
        done, _ = await asyncio.wait({running}, timeout=PATIENCE)
        handler.gate.set()
        await stopping
        assert done and running.cancelled()

    @asynchronous
    async def test_stop_ends_before_there_is_a_connection(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        bus.lose()
        async with running_consumer(rapids, {DOMAIN: RecordingHandler()}, transport=bus) as consumer:
            assert not consumer.ready


class TestConnection:
    @asynchronous
    async def test_consumer_begins_once_there_is_a_connection(self, rapids: Broker) -> None:
        bus, handler, own = MemoryBus(rapids), RecordingHandler(), MemoryBus(rapids)
        await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 5))
        own.lose()
        async with running_consumer(rapids, {DOMAIN: handler}, transport=own):
            own.restore()
            await until(lambda: handler.handled == ids(1, 5))

    @asynchronous
    async def test_consumer_begins_once_there_is_a_river(
        self, rapids: Broker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handler, own = RecordingHandler(), MemoryBus(rapids)
        open_river, failures = own.open_river, [Unavailable("no rapids yet"), Unavailable("no rapids yet")]

        async def open_late(name: str, domains: Sequence[str]) -> Any:
            if failures:
                raise failures.pop()
            return await open_river(name, domains)

        monkeypatch.setattr(own, "open_river", open_late)
        async with running_consumer(rapids, {DOMAIN: handler}, transport=own) as consumer:
            await until(lambda: consumer.ready)
            await own.publish_events(numbered_events(1, 5))
            await until(lambda: handler.handled == ids(1, 5))

    @asynchronous
    async def test_consumer_continues_after_a_lost_connection(self, rapids: Broker) -> None:
        bus, handler, own = MemoryBus(rapids), RecordingHandler(), MemoryBus(rapids)
        await bus.open_river("papers", [DOMAIN])
        async with running_consumer(rapids, {DOMAIN: handler}, transport=own) as consumer:
            await bus.publish_events(numbered_events(1, 5))
            await until(lambda: handler.handled == ids(1, 5))
            own.lose()
            await bus.publish_events(numbered_events(6, 9))
            own.restore()
            await until(lambda: handler.handled == ids(1, 9))
            await until(lambda: consumer.pending == 0)

    @asynchronous
    async def test_two_consumers_share_a_river(self, rapids: Broker) -> None:
        bus, handlers = MemoryBus(rapids), [RecordingHandler(), RecordingHandler()]
        river = await bus.open_river("papers", [DOMAIN])
        async with (
            running_consumer(rapids, {DOMAIN: handlers[0]}),
            running_consumer(rapids, {DOMAIN: handlers[1]}),
        ):
            for number in range(1, 201):
                await bus.publish_events(numbered_events(number, number))
            await until(lambda: nothing_pending(river))
        assert sorted(handlers[0].handled + handlers[1].handled) == sorted(ids(1, 200))

    @asynchronous
    async def test_consumer_is_ready_once_it_has_handled_the_first_events(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(), MemoryBus(rapids)
        await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 5))
        handler.gate.clear()
        async with running_consumer(rapids, {DOMAIN: handler}) as consumer:
            await until(lambda: consumer.pending == 5)
            assert not consumer.ready
            handler.gate.set()
            await until(lambda: consumer.ready)

    @asynchronous
    async def test_consumer_becomes_ready_while_events_keep_coming(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        monitor = Monitor("papers", Snapshots(bus, "papers", {}))
        await bus.publish_events(numbered_events(1, 5))
        for handled, ready in ((0, False), (4, False), (5, True)):
            monitor.handled = handled
            await monitor._look(river)
            assert (monitor.pending, monitor.ready) == (5, ready)

    @asynchronous
    async def test_handled_events_are_counted_batch_by_batch(self, rapids: Broker) -> None:
        handler, bus = RecordingHandler(), MemoryBus(rapids)
        await bus.open_river("papers", [DOMAIN])
        await bus.publish_events(numbered_events(1, 5))
        async with running_consumer(rapids, {DOMAIN: handler}, batch_size=1) as consumer:
            await until(lambda: consumer._monitor.handled == 5)


class TestTelemetry:
    @asynchronous
    async def test_metrics_count_the_outcomes_of_events(self, rapids: Broker) -> None:
        bus = MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        before = {each: counted(each) for each in ("handled", "failed", "dead-lettered")}
        lags = sample("rapids_lag_seconds_count", river="papers")
        async with running_consumer(rapids, {DOMAIN: RecordingHandler(failing())}):
            await bus.publish_events(numbered_events(1, 20))
            await until(lambda: nothing_pending(river))
            telemetry.PENDING.labels("papers").set(99)
            await until(lambda: sample("rapids_pending_events", river="papers") == 0)
        assert {each: counted(each) - before[each] for each in before} == {
            "handled": 19,
            "failed": 5,
            "dead-lettered": 1,
        }
        assert sample("rapids_lag_seconds_count", river="papers") - lags == 19

    def test_clock_that_is_ahead_is_no_lag(self) -> None:
        (ahead,) = numbered_events(1, 1)
        ahead = ahead.model_copy(update={"timestamp": now() + timedelta(hours=1)})
        river = uuid4().hex
        telemetry.count_handled(river, [ahead])
        names = ("rapids_lag_seconds_sum", "rapids_lag_seconds_count", "rapids_batch_size_count")
        assert [sample(each, river=river) for each in names] == [0, 1, 1]

    @asynchronous
    async def test_span_is_linked_to_the_traces_of_its_events(
        self, rapids: Broker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(exporter))
        monkeypatch.setattr(telemetry, "_tracer", provider.get_tracer("test"))
        bus = MemoryBus(rapids)
        river = await bus.open_river("papers", [DOMAIN])
        causes = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2)]
        found = [
            event(DOMAIN, number, "p", {}, traceparent=causes[number % 2] if number < 4 else None)
            for number in range(6)
        ]
        await bus.publish_events(found)
        async with running_consumer(rapids, {DOMAIN: RecordingHandler()}):
            await until(lambda: nothing_pending(river))
        (span,) = exporter.get_finished_spans()
        assert span.name == "papers handles papers"
        assert sorted(link.context.trace_id for link in span.links) == [1, 2]


class TestProcessedEvents:
    def test_effect_of_an_event_is_caused_once(self, database: Database[dict[str, Any]]) -> None:
        database["seen"].create_indexes([processed_index()])
        seen, other = ProcessedEvents(database["seen"]), ProcessedEvents(database["seen"])
        assert seen.add("one")
        assert not other.add("one") and not seen.add("one")
        assert other.add("two")
        seen.remove("one")
        assert not other.add("two")
        assert other.add("one")
        assert all(isinstance(each["at"], datetime) for each in database["seen"].find({}))
        old = {"name": "old", "key": {"at": 1}, "expireAfterSeconds": 14 * 24 * 3600}
        assert processed_index().document == old


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def counted(outcome: str) -> float:
    return sample("rapids_events_total", river="papers", outcome=outcome)


async def nothing_pending(river: Any) -> bool:
    return await pending(river, 0)


async def pending(river: Any, count: int) -> bool:
    return bool(await river.pending() == count)


async def all_delivered(river: Any) -> bool:
    """Return whether all events have been delivered, and return the rest to the river."""
    for each in await river.fetch(10, 0):
        await each.nak(0)
        return False
    return True
