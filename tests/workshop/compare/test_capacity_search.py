"""The search for capacity, on systems whose capacity is known."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from random import Random

import pytest

from workshop.compare.costs.capacity import first_rate
from workshop.compare.costs.rounds import take_turns
from workshop.compare.observations import Capacity
from workshop.compare.statistics.capacity_search import Found, search

SERVICE = 0.01
P99 = 0.1
STEP = 1.1

Probe = Callable[[float], float | None]


def find_capacity(
    probe: Probe, start: float, limit: float, *, step: float, trials: int, first_step: float = 2.0
) -> Found:
    """Search with what `probe` finds, and return what comes of it."""
    steps = search(start, limit, step=step, trials=trials, first_step=first_step)
    try:
        rate = next(steps)
        while True:
            rate = steps.send(probe(rate))
    except StopIteration as end:
        found: Found = end.value
        return found


def growing(capacity: float) -> Probe:
    """Return a system whose p99 grows with the third power of the rate, up to the objective at `capacity`."""
    return lambda rate: 0.9999 * (rate / capacity) ** 3


def queue_p99(rate: float, seed: int, seconds: float = 40.0) -> float:
    """Return the 99th percentile of the time in an M/D/1 queue: one server, Poisson arrivals."""
    rng = Random(seed)
    now = free = 0.0
    spent = []
    while now < seconds:
        now += rng.expovariate(rate)
        free = max(free, now) + SERVICE
        spent.append(free - now)
    return sorted(spent)[int(0.99 * len(spent))]


@cache
def true_capacity() -> float:
    """Return the rate at which the long queue's p99 is the objective, by plain bisection."""
    low, high = 10.0, 1 / SERVICE
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if queue_p99(middle, 1, 2000) < P99 else (low, middle)
    return low


@pytest.mark.parametrize("capacity", [0.9, 40.0, 100.0, 101.0, 777.0, 6000.0])
def test_capacity_that_chance_does_not_touch_is_found_within_a_step(capacity: float) -> None:
    found = find_capacity(growing(capacity), start=50, limit=8000, step=STEP, trials=4)
    assert found.missed is not None
    assert found.kept <= capacity < found.missed
    assert 1 / STEP < found.per_second / capacity < STEP
    assert found.limited_by == "system"


@pytest.mark.parametrize("start", [8.0, 70.0, 400.0])
def test_capacity_of_a_queue_is_found_wherever_the_search_begins(start: float) -> None:
    capacity = true_capacity()
    for seed in range(6):
        seeds = iter(range(1000 * seed, 1000 * (seed + 1)))
        found = find_capacity(
            lambda rate, seeds=seeds: queue_p99(rate, next(seeds)) / P99, start, 1000, step=STEP, trials=14
        )
        assert found.per_second == pytest.approx(capacity, rel=0.15)


@pytest.mark.parametrize(("capacity", "trials"), [(110, 6), (95, 6), (400, 11)])
def test_start_near_the_capacity_needs_few_trials(capacity: float, trials: int) -> None:
    found = find_capacity(growing(capacity), start=100, limit=8000, step=STEP, trials=6, first_step=STEP)
    assert 1 / STEP < found.per_second / capacity < STEP
    assert len(found.tried) == trials


def test_one_bad_moment_decides_little() -> None:
    """Whichever trial is missed by chance, the capacity is found within a step and a half."""
    for bad in range(10):
        numbers = count()
        found = find_capacity(
            lambda rate, numbers=numbers, bad=bad: growing(300)(rate) if next(numbers) != bad else 3.0,
            start=280,
            limit=8000,
            step=STEP,
            trials=9,
            first_step=STEP,
        )
        assert STEP**-1.5 < found.per_second / 300 < STEP**1.5


def test_bad_moments_in_the_second_half_lead_to_no_rate_beyond_those_tried() -> None:
    """What was missed by far at all of them shows no slope."""
    numbers = count()
    found = find_capacity(
        lambda rate: 0.95 if next(numbers) < 2 else 3.0,
        start=100,
        limit=8000,
        step=STEP,
        trials=10,
        first_step=STEP,
    )
    assert min(rate for rate, _ in found.tried) <= found.per_second <= max(rate for rate, _ in found.tried)
    assert found.per_second < 100


def test_system_beyond_the_limit_is_limited_by_the_generator() -> None:
    fast = growing(10**6)
    found = find_capacity(fast, start=100, limit=500, step=STEP, trials=4)
    assert found == Found(500, None, 500, [(rate, fast(rate)) for rate in (100, 200, 400, 500)], "generator")


def test_void_trials_are_repeated_twice_and_then_end_the_search() -> None:
    found = find_capacity(
        lambda rate: None if rate > 150 else 0.9, start=100, limit=8000, step=STEP, trials=4
    )
    assert found == Found(100, None, 100, [(100, 0.9), *[(200, None)] * 3], "generator")


def test_void_trial_that_succeeds_later_counts() -> None:
    outcomes = iter([None, None, 0.5])
    found = find_capacity(lambda rate: next(outcomes), start=100, limit=100, step=STEP, trials=4)
    assert (found.kept, found.tried) == (100, [(100, None), (100, None), (100, 0.5)])


def test_system_that_keeps_no_rate_has_no_capacity() -> None:
    found = find_capacity(lambda rate: 5.0, start=64, limit=8000, step=STEP, trials=4)
    assert (found.kept, found.missed, found.per_second) == (0, 1, 0)


def test_searches_take_turns_until_each_has_ended() -> None:
    """Those that are compared come right after each other, each once a turn."""
    done: list[tuple[float, str]] = []

    def trials(signed: float, name: str, number: int) -> Iterator[None]:
        for each in range(number):
            done.append((signed, name))
            if each < number - 1:
                yield

    searches = {
        signed: [trials(signed, name, number) for name, number in (("a", 4), ("b", 4), ("c", 2))]
        for signed in (0.0, 1.0)
    }
    take_turns(searches, Random(1))
    assert len(done) == 20
    for turn in range(4):
        size = 6 if turn < 2 else 4
        now, done = done[:size], done[size:]
        assert len({*now}) == size
        assert [signed for signed, _ in now].count(now[0][0]) == size // 2
        assert len({signed for signed, _ in now[: size // 2]}) == 1


def test_search_begins_where_an_earlier_one_of_the_arm_ended() -> None:
    earlier = [capacity("3", 0.0, 250), capacity("3", 0.0, 260), capacity("3", 1.0, 40)]
    assert first_rate(earlier, "3", 0.0) == (260, True)


def test_on_a_faster_machine_the_first_search_of_an_arm_begins_higher() -> None:
    (slow, _), (fast, is_near) = [first_rate([capacity("0", 0.2, rate)], "2", 1.0) for rate in (100, 300)]
    assert fast == pytest.approx(3 * slow)
    assert not is_near
    assert first_rate([capacity("0", 0.2, 0)], "2", 1.0) == first_rate([], "2", 1.0)


def capacity(arm: str, signed: float, per_second: float) -> Capacity:
    return Capacity(1, arm, signed, per_second, per_second, per_second * 1.1, "system")
