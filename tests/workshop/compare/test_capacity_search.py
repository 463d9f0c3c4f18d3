"""The search for capacity, on systems whose capacity is known."""

from math import sqrt
from random import Random

import pytest

from workshop.compare.costs.capacity import first_rate
from workshop.compare.observations import Capacity
from workshop.compare.statistics.capacity_search import Found, Probe, find_capacity

SERVICE = 0.01
P99 = 0.1


def threshold(capacity: float) -> Probe:
    return lambda rate: 0.9 if rate <= capacity else 1.1


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


def true_capacity() -> float:
    """Return the rate at which the long queue's p99 is the objective, by plain bisection."""
    low, high = 10.0, 1 / SERVICE
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if queue_p99(middle, 1, 2000) < P99 else (low, middle)
    return low


@pytest.mark.parametrize("capacity", [0.9, 40.0, 100.0, 101.0, 777.0, 6000.0])
def test_capacity_lies_between_kept_and_missed(capacity: float) -> None:
    found = find_capacity(threshold(capacity), start=50, limit=8000, precision=0.1)
    assert found.missed is not None
    assert found.kept <= capacity < found.missed <= found.kept * 1.1
    assert found.per_second == pytest.approx(sqrt(found.kept * found.missed))
    assert found.limited_by == "system"


def test_capacity_of_a_queue_is_found_in_spite_of_chance() -> None:
    capacity = true_capacity()
    for seed in range(10):
        seeds = iter(range(1000 * seed, 1000 * (seed + 1)))
        found = find_capacity(lambda rate, seeds=seeds: queue_p99(rate, next(seeds)) / P99, 20, 1000)
        assert found.per_second == pytest.approx(capacity, rel=0.12)


@pytest.mark.parametrize("precision", [0.3, 0.1, 0.03])
def test_precision_bounds_the_bracket(precision: float) -> None:
    found = find_capacity(threshold(333), start=50, limit=8000, precision=precision)
    assert found.missed is not None
    assert 1 < found.missed / found.kept <= 1 + precision


@pytest.mark.parametrize(("capacity", "trials"), [(110, 4), (95, 5), (400, 12)])
def test_start_near_the_capacity_needs_few_trials(capacity: float, trials: int) -> None:
    found = find_capacity(threshold(capacity), start=100, limit=8000, precision=0.1, first_step=1.2)
    assert found.kept <= capacity < (found.missed or 0) <= found.kept * 1.1
    assert len(found.tried) <= trials


def test_one_bad_moment_does_not_count() -> None:
    seen: dict[float, int] = {}

    def fails_at_first(rate: float) -> float:
        seen[rate] = seen.get(rate, 0) + 1
        return 0.9 if rate <= 300 and seen[rate] > 1 else 1.9

    found = find_capacity(fails_at_first, start=100, limit=8000)
    assert 300 / 1.1 < found.kept <= 300
    assert found.tried[:3] == [(100, False), (100, True), (200, False)]


def test_miss_that_is_far_off_is_not_tried_again() -> None:
    found = find_capacity(lambda rate: 0.9 if rate <= 300 else 2.0, start=200, limit=8000, precision=0.3)
    tried = [rate for rate, _ in found.tried]
    assert found.kept <= 300 < (found.missed or 0)
    assert len(tried) == len({*tried})


def test_system_beyond_the_limit_is_limited_by_the_generator() -> None:
    found = find_capacity(threshold(10**6), start=100, limit=500)
    assert found == Found(500, None, 500, [(100, True), (200, True), (400, True), (500, True)], "generator")


def test_void_trials_are_repeated_twice_and_then_end_the_search() -> None:
    found = find_capacity(lambda rate: None if rate > 150 else 0.9, start=100, limit=8000)
    assert found == Found(100, None, 100, [(100, True), *[(200, None)] * 3], "generator")


def test_void_trial_that_succeeds_later_counts() -> None:
    outcomes = iter([None, None, 0.5])
    found = find_capacity(lambda rate: next(outcomes), start=100, limit=100)
    assert (found.kept, found.tried) == (100, [(100, None), (100, None), (100, True)])


def test_system_that_keeps_no_rate_has_no_capacity() -> None:
    found = find_capacity(lambda rate: 5.0, start=64, limit=8000)
    assert (found.kept, found.missed, found.per_second) == (0, 1, 0)


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
