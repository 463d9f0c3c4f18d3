"""Breakers, budgets, bulkheads, deadlines: each by itself."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.http.problems import DependencyUnavailable
from step3_async.gateway.ingress.request import allowed_seconds
from step3_async.gateway.upstream.guards import (
    FAILURES_IN_A_ROW,
    OPEN_SECONDS,
    RETRY_RESERVE,
    WINDOW,
    Breaker,
    Bulkhead,
    RetryBudget,
)
from tests.step3.nats_rapids import asynchronous, until


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
def test_retries_are_a_fifth_of_the_calls_and_a_few(failing: list[bool]) -> None:
    budget, spent = RetryBudget(clock=lambda: 0.0), 0
    for fails in failing:
        budget.earn()
        spent += fails and budget.spend()
    assert spent <= RETRY_RESERVE + 0.2 * len(failing)


def test_the_few_are_there_again_after_a_while() -> None:
    now = 0.0
    budget = RetryBudget(clock=lambda: now)
    while budget.spend():
        pass
    assert not budget.spend()
    now = 3.0
    assert [budget.spend() for _ in range(4)] == [True, True, True, False]


@asynchronous
async def test_a_bulkhead_has_so_much_room() -> None:
    bulkhead = Bulkhead("It", 2, queue=1, patience=5)
    async with AsyncExitStack() as held, AsyncExitStack() as more:
        for _ in range(2):
            await held.enter_async_context(bulkhead.room(1))
        waiting = asyncio.create_task(more.enter_async_context(bulkhead.room(60)))
        await asyncio.sleep(0)
        with pytest.raises(DependencyUnavailable, match="too much to do"):
            await held.enter_async_context(bulkhead.room(60))
        await held.pop_all().aclose()
        await waiting
        await held.enter_async_context(bulkhead.room(1))
        with pytest.raises(DependencyUnavailable):
            await held.enter_async_context(bulkhead.room(0.01))
    for _ in range(3):
        async with bulkhead.room(0.01), bulkhead.room(0.01):
            pass


@asynchronous
async def test_a_request_that_gives_up_waiting_leaves_no_trace() -> None:
    bulkhead = Bulkhead("It", 1, queue=10, patience=5)
    held = AsyncExitStack()
    await held.enter_async_context(bulkhead.room(1))

    async def wait() -> None:
        async with bulkhead.room(5):
            pass

    waiting = [asyncio.create_task(wait()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await held.aclose()
    waiting[1].cancel()  # its turn has come at this very moment
    await asyncio.gather(*waiting[:2], return_exceptions=True)
    await until(waiting[2].done)
    async with bulkhead.room(0.01):
        pass


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (None, 10),
        ("2500", 2.5),
        ("99999", 10),
        ("", 10),
        ("-5", 10),
        ("1e3", 10),
        ("9" * 30, 10),
        ("0", 0),
    ],
)
def test_a_deadline_only_shrinks(told: str | None, seconds: float) -> None:
    assert allowed_seconds(told, 10) == seconds
