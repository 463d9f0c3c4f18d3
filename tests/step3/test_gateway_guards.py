"""Breakers, budgets, bulkheads, deadlines: each by itself."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.http.problems import DependencyUnavailable
from step3_async.gateway.upstream.guards import (
    FAILURES_IN_A_ROW,
    OPEN_SECONDS,
    RETRY_MOST,
    RETRY_RESERVE,
    WINDOW_LEAST,
    WINDOW_SECONDS,
    Breaker,
    Bulkhead,
    Deadline,
    RetryBudget,
)
from tests.step3.nats_rapids import asynchronous, until


def test_a_breaker_opens_after_failures_in_a_row() -> None:
    breaker = Breaker()
    for _ in range(FAILURES_IN_A_ROW - 1):
        breaker.fail(0.0)
    assert breaker.allows(0.0)
    assert not breaker.begin()
    breaker.succeed(0.0)
    for _ in range(FAILURES_IN_A_ROW - 1):
        breaker.fail(0.0)
    assert breaker.allows(0.0)
    breaker.fail(0.0)
    assert not breaker.allows(OPEN_SECONDS[0] - 0.01)
    assert breaker.allows(OPEN_SECONDS[1])


def test_a_breaker_opens_when_half_of_all_fails() -> None:
    breaker = Breaker()
    for _ in range(WINDOW_LEAST // 2):
        breaker.succeed(1.0)
        breaker.fail(1.0)
    assert breaker.is_open
    calm = Breaker()
    for moment in range(100):
        calm.succeed(moment * WINDOW_SECONDS)
        calm.fail(moment * WINDOW_SECONDS)
    assert not calm.is_open


def test_a_breaker_stays_closed_while_most_calls_succeed() -> None:
    breaker = Breaker()
    for _ in range(WINDOW_LEAST):
        breaker.fail(0.0)
        breaker.succeed(0.0)
        breaker.succeed(0.0)
    assert not breaker.is_open


def test_a_breaker_does_not_judge_by_few_calls() -> None:
    breaker = Breaker()
    for end in (0.0, WINDOW_SECONDS, 2 * WINDOW_SECONDS):  # each window begins anew at its end
        for number in range(WINDOW_LEAST - 1):
            (breaker.succeed if number % 4 == 0 else breaker.fail)(end)
        assert not breaker.is_open
        breaker.succeed(end + WINDOW_SECONDS - 0.01)
    for number in range(WINDOW_LEAST - 1):
        (breaker.succeed if number % 4 == 0 else breaker.fail)(100.0)
    breaker.fail(100.0)
    assert breaker.is_open


def test_a_breaker_that_has_closed_counts_anew() -> None:
    breaker = Breaker()
    breaker.succeed(0.0)
    fail_not_quite_half(breaker)
    assert not breaker.is_open
    breaker.fail(0.0)
    assert breaker.is_open
    breaker.succeed(0.0)
    assert not breaker.begin()
    fail_not_quite_half(breaker)
    assert not breaker.is_open


def fail_not_quite_half(breaker: Breaker) -> None:
    """With one success before, 10 of 21 calls fail."""
    for _ in range(9):
        breaker.fail(0.0)
        breaker.succeed(0.0)
    breaker.succeed(0.0)
    breaker.fail(0.0)


def test_one_call_decides_whether_a_breaker_closes() -> None:
    breaker, later = Breaker(), OPEN_SECONDS[1]
    breaker.trip(0.0)
    assert breaker.allows(later)
    is_trying = breaker.begin()
    assert is_trying
    assert not breaker.allows(later)
    breaker.end(False)
    assert not breaker.allows(later)
    breaker.end(is_trying)
    assert breaker.allows(later)
    breaker.begin()
    breaker.fail(later)
    assert not breaker.allows(later + OPEN_SECONDS[0] - 0.01)
    breaker.begin()
    breaker.succeed(2 * later)
    breaker.end(True)
    assert not breaker.is_open


@given(st.lists(st.booleans(), max_size=600))
def test_retries_are_a_fifth_of_the_calls_and_a_few(failing: list[bool]) -> None:
    budget, spent = RetryBudget(clock=lambda: 0.0), 0
    for fails in failing:
        budget.earn()
        spent += fails and budget.spend()
    assert spent <= RETRY_RESERVE + 0.2 * len(failing)


def test_retries_run_out_at_exactly_what_was_earned() -> None:
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
    bulkhead = Bulkhead("It", lambda: 2, queue=1, patience=5)
    await bulkhead.enter(1)
    await bulkhead.enter(1)
    waiting = asyncio.create_task(bulkhead.enter(1))
    await asyncio.sleep(0)
    with pytest.raises(DependencyUnavailable, match=r"^It has too much to do") as refused:
        await bulkhead.enter(1)
    assert (refused.value.part, refused.value.retry_after) == ("It", 1)
    bulkhead.leave()
    await waiting
    assert bulkhead.in_flight == 2
    with pytest.raises(DependencyUnavailable):
        await bulkhead.enter(0.01)
    next_one = asyncio.create_task(bulkhead.enter(1))  # who has given up takes no room in the queue
    await asyncio.sleep(0)
    bulkhead.leave()
    await next_one
    bulkhead.leave()
    bulkhead.leave()
    assert bulkhead.in_flight == 0
    await bulkhead.enter(1)


@asynchronous
async def test_room_that_is_left_is_one_requests() -> None:
    bulkhead = Bulkhead("It", lambda: 1, queue=2, patience=5)
    await bulkhead.enter(1)
    first, second = (asyncio.create_task(bulkhead.enter(5)) for _ in range(2))
    await asyncio.sleep(0)
    bulkhead.leave()
    await first
    assert (bulkhead.in_flight, second.done()) == (1, False)
    bulkhead.leave()
    await second
    assert bulkhead.in_flight == 1


@asynchronous
async def test_a_request_that_gives_up_waiting_leaves_no_trace() -> None:
    bulkhead = Bulkhead("It", lambda: 1, queue=10, patience=5)
    await bulkhead.enter(1)
    waiting = [asyncio.create_task(bulkhead.enter(5)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    bulkhead.leave()
    waiting[1].cancel()  # its turn has come at this very moment
    left = await asyncio.gather(*waiting[:2], return_exceptions=True)
    assert [type(each) for each in left] == [asyncio.CancelledError] * 2
    await until(waiting[2].done)
    bulkhead.leave()
    assert bulkhead.in_flight == 0


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (None, 10),
        (b"2500", 2.5),
        (b"99999", 10),
        (b"", 10),
        (b"-5", 10),
        (b"1e3", 10),
        (b"9" * 30, 10),
        (b"0", 0),
    ],
)
def test_a_deadline_only_shrinks(told: bytes | None, seconds: float) -> None:
    assert Deadline.of(told, 10).left() == pytest.approx(seconds, abs=0.1)


def test_a_deadline_is_in_milliseconds() -> None:
    assert 999.5 < Deadline.of(b"1000000", 2000).left() <= 1000
