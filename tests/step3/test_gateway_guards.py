"""Unit tests of breakers, budgets, bulkheads and deadlines."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from kit.http.problems import DependencyUnavailable
from step3_async.client.upstream.guards import (
    FAILURES_IN_A_ROW,
    OPEN_SECONDS,
    RETRY_MOST,
    RETRY_RESERVE,
    WINDOW,
    Breaker,
    Bulkhead,
    RetryBudget,
)
from tests.step3.nats_helpers import asynchronous, until


def test_a_breaker_opens_after_failures_in_a_row() -> None:
    breaker = Breaker("it")
    for _ in range(FAILURES_IN_A_ROW - 1):
        breaker.fail(0.0)
    breaker.succeed()
    for _ in range(FAILURES_IN_A_ROW - 1):
        breaker.fail(0.0)
    assert breaker.allows(0.0)
    breaker.fail(0.0)
    assert not breaker.allows(OPEN_SECONDS[0] - 0.01)
    assert breaker.allows(OPEN_SECONDS[1])


def test_failures_before_the_first_success_count_alike() -> None:
    breaker = Breaker("it")
    for _ in range(FAILURES_IN_A_ROW - 1):
        breaker.fail(0.0)
    assert not breaker.is_open
    breaker.fail(0.0)
    assert breaker.is_open


def test_each_opening_of_a_breaker_is_counted_once() -> None:
    def opened() -> float:
        return REGISTRY.get_sample_value("client_breakers_opened_total", {"service": "counted"}) or 0.0

    breaker, before = Breaker("counted"), opened()
    breaker.trip(0.0)
    breaker.trip(1.0)
    assert opened() - before == 1
    breaker.succeed()
    breaker.trip(2.0)
    assert opened() - before == 2


def test_a_breaker_opens_when_half_of_the_last_calls_fail() -> None:
    breaker = Breaker("it")
    for _ in range(WINDOW // 2):
        assert not breaker.is_open
        breaker.succeed()
        breaker.fail(1.0)
    assert breaker.is_open
    calm = Breaker("it")
    for _ in range(5 * WINDOW):
        calm.succeed()
        calm.succeed()
        calm.fail(1.0)
    assert not calm.is_open


def test_few_calls_do_not_open_a_breaker() -> None:
    breaker = Breaker("it")
    for number in range(WINDOW // 2 - 1):
        breaker.fail(0.0)
        if number % 3 == 0:
            breaker.succeed()
    assert not breaker.is_open


def test_old_calls_do_not_count() -> None:
    breaker = Breaker("it")
    for _ in range(WINDOW // 2 - 1):
        breaker.succeed()
        breaker.fail(0.0)
    for _ in range(WINDOW):
        breaker.succeed()
    breaker.fail(0.0)
    assert not breaker.is_open


def test_breaker_that_has_closed_counts_from_zero() -> None:
    breaker = Breaker("it")
    for _ in range(WINDOW // 2):
        breaker.succeed()
        breaker.fail(0.0)
    assert breaker.is_open
    breaker.succeed()
    for _ in range(WINDOW // 2 - 1):
        breaker.succeed()
        breaker.fail(0.0)
    assert not breaker.is_open


def test_one_call_at_a_time_decides_whether_a_breaker_closes() -> None:
    breaker, later = Breaker("it"), OPEN_SECONDS[1]
    breaker.trip(0.0)
    assert breaker.allows(later)
    breaker.begin(later)
    assert not breaker.allows(later + OPEN_SECONDS[0] - 0.01)
    assert breaker.allows(2 * later), "what became of the one is not known"
    breaker.begin(2 * later)
    breaker.fail(2 * later)
    assert not breaker.allows(2 * later + OPEN_SECONDS[0] - 0.01)
    breaker.begin(3 * later)
    breaker.succeed()
    assert not breaker.is_open
    assert breaker.allows(3 * later)


@given(st.lists(st.booleans(), max_size=600))
def test_budget_is_a_fifth_of_the_calls_and_a_reserve(failing: list[bool]) -> None:
    budget, spent = RetryBudget(clock=lambda: 0.0), 0
    for fails in failing:
        budget.earn()
        spent += fails and budget.spend()
    assert spent <= RETRY_RESERVE + 0.2 * len(failing)


def test_reserve_of_retries_is_restored_after_a_while() -> None:
    now = 0.0
    budget = RetryBudget(clock=lambda: now)
    while budget.spend():
        pass
    assert not budget.spend()
    now = 3.0
    assert [budget.spend() for _ in range(4)] == [True, True, True, False]


def test_budget_is_exactly_what_calls_earned() -> None:
    now = 0.0
    budget = RetryBudget(clock=lambda: now)
    assert spendable(budget) == RETRY_RESERVE
    for _ in range(5):
        budget.earn()
    assert spendable(budget) == 1
    for _ in range(10_000):
        budget.earn()
    assert spendable(budget) == RETRY_MOST
    now = 1000.0
    assert spendable(budget) == RETRY_RESERVE


def spendable(budget: RetryBudget) -> int:
    return sum(1 for _ in iter(budget.spend, False))


@asynchronous
async def test_bulkhead_limits_requests_and_its_queue() -> None:
    bulkhead = Bulkhead("It", 2, queue=1, patience=60)
    await bulkhead.enter(1)
    await bulkhead.enter(1)
    waiting = asyncio.create_task(bulkhead.enter(60))
    await asyncio.sleep(0)
    with pytest.raises(DependencyUnavailable, match=r"^It has too much to do") as refused:
        await bulkhead.enter(60)
    assert (refused.value.part, refused.value.retry_after) == ("It", 1)
    bulkhead.leave()
    await waiting
    with pytest.raises(DependencyUnavailable, match=r"^It has too much to do"):
        await bulkhead.enter(0.01)
    bulkhead.leave()
    bulkhead.leave()
    await bulkhead.enter(0)
    await bulkhead.enter(0)


@asynchronous
async def test_queue_has_as_many_places_as_it_says() -> None:
    bulkhead = Bulkhead("It", 1, queue=2, patience=60)
    await bulkhead.enter(1)
    for _ in range(3):  # places that are left can be taken again
        waiting = [asyncio.create_task(bulkhead.enter(60)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(DependencyUnavailable):
            await bulkhead.enter(60)
        for each in waiting:
            bulkhead.leave()
            await each


@asynchronous
async def test_free_place_goes_to_one_waiting_request() -> None:
    bulkhead = Bulkhead("It", 1, queue=2, patience=60)
    await bulkhead.enter(1)
    first, second = (asyncio.create_task(bulkhead.enter(60)) for _ in range(2))
    await asyncio.sleep(0)
    bulkhead.leave()
    await first
    assert not second.done()
    bulkhead.leave()
    await second


@asynchronous
async def test_a_request_that_gives_up_waiting_leaves_no_trace() -> None:
    bulkhead = Bulkhead("It", 1, queue=10, patience=60)
    await bulkhead.enter(1)
    waiting = [asyncio.create_task(bulkhead.enter(60)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    bulkhead.leave()
    waiting[1].cancel()  # it gets its place at this very moment
    await asyncio.gather(*waiting[:2], return_exceptions=True)
    await until(waiting[2].done)
    bulkhead.leave()
    await bulkhead.enter(0)
