"""Intervals and the fit of the law of scaling, on data whose distribution is known."""

from collections.abc import Callable
from math import exp, isfinite, log

import numpy as np
import pytest

from workshop.compare.statistics.bootstrap import Interval, differs, interval, ratio_interval
from workshop.compare.statistics.usl import fit_usl

TRIALS = 200


def coverage(draw: Callable[[np.random.Generator], Interval], truth: float) -> float:
    rng = np.random.default_rng(15)
    found = [draw(rng) for _ in range(TRIALS)]
    return sum(each.low <= truth <= each.high for each in found) / TRIALS


def ratios(rng: np.random.Generator, rounds: int, truth: float, noise: float) -> Interval:
    machine = np.exp(rng.normal(0, 0.3, rounds))  # slow rounds are slow for both
    above, below = (machine * np.exp(rng.normal(0, noise, rounds)) for _ in range(2))
    return ratio_interval(list(truth * above), list(below), seed=int(rng.integers(10**6)))


@pytest.mark.bench
@pytest.mark.parametrize(("rounds", "at_least"), [(3, 0.68), (5, 0.85), (8, 0.90), (20, 0.92)])
def test_interval_of_a_ratio_covers_the_truth(rounds: int, at_least: float) -> None:
    assert at_least <= coverage(lambda rng: ratios(rng, rounds, 1.7, 0.05), 1.7) <= 0.995


@pytest.mark.bench
@pytest.mark.parametrize("skewed", [False, True])
def test_interval_of_a_mean_covers_the_truth(skewed: bool) -> None:
    def draw(rng: np.random.Generator) -> Interval:
        return interval(list(rng.exponential(10, 20) if skewed else rng.normal(10, 2, 20)))

    assert 0.88 <= coverage(draw, 10) <= 0.99


def test_interval_shrinks_with_rounds() -> None:
    rng = np.random.default_rng(2)
    few, many = (interval(list(rng.normal(10, 1, count))) for count in (8, 200))
    assert many.high - many.low < (few.high - few.low) / 2
    assert many.high - many.low == pytest.approx(2 * 1.96 / 200**0.5, rel=0.25)


def test_ratio_is_the_geometric_mean_of_pairs() -> None:
    found = ratio_interval([2, 80, 3], [1, 10, 3])
    assert found.middle == pytest.approx(exp((log(2) + log(8) + log(1)) / 3))
    assert found.rounds == 3
    inverse = ratio_interval([1, 10, 3], [2, 80, 3])
    assert inverse.middle == pytest.approx(1 / found.middle)


def test_ratio_of_paired_rounds_is_not_blurred_by_slow_rounds() -> None:
    found = ratio_interval([100, 300, 50, 210], [50, 150, 25, 105])
    assert (found.low, found.middle, found.high) == pytest.approx((2, 2, 2))


@pytest.mark.parametrize("values", [[5.0], [4.0, 6.0]])
def test_fewer_than_three_rounds_give_their_range(values: list[float]) -> None:
    assert interval(values) == Interval(5.0, min(values), max(values), len(values))


def test_interval_never_leaves_the_range_of_the_values() -> None:
    found = interval([1.0, 2.0, 9.0])
    assert (found.low, found.high) == (1.0, 9.0)


def test_same_seed_gives_the_same_interval() -> None:
    values = [float(value) for value in np.random.default_rng(1).normal(10, 2, 15)]
    assert interval(values, seed=7) == interval(values, seed=7) != interval(values, seed=8)


@pytest.mark.parametrize(("above", "below"), [([], []), ([1.0], [1.0, 2.0]), ([1.0, 0.0], [1.0, 1.0])])
def test_ratios_of_nothing_and_of_zero_are_refused(above: list[float], below: list[float]) -> None:
    with pytest.raises(ValueError, match="Ratios need"):
        ratio_interval(above, below)


@pytest.mark.parametrize(
    ("ratio", "same", "expected"),
    [
        ((1.2, 1.1, 1.3), (1.0, 0.95, 1.05), True),
        ((0.8, 0.7, 0.9), (1.0, 0.95, 1.05), True),
        ((1.2, 0.9, 1.5), (1.0, 0.99, 1.01), False),  # may be 1
        ((1.04, 1.03, 1.045), (1.0, 0.95, 1.05), False),  # smaller than of a system against itself
        ((1.2, 1.08, 1.3), (0.95, 0.9, 1.0), False),  # which deviates to the other side
        ((0.9, 0.85, 0.92), (1.05, 1.0, 1.2), False),
        ((0.5, 0.4, 0.6), (1.05, 1.0, 1.2), True),
    ],
)
def test_difference_must_exceed_that_of_a_system_against_itself(
    ratio: tuple[float, float, float], same: tuple[float, float, float], expected: bool
) -> None:
    assert differs(Interval(*ratio, rounds=5), Interval(*same, rounds=5)) is expected


@pytest.mark.bench
def test_system_against_itself_seldom_differs() -> None:
    rng = np.random.default_rng(4)
    claimed = sum(differs(ratios(rng, 5, 1, 0.05), ratios(rng, 5, 1, 0.05)) for _ in range(TRIALS))
    assert claimed / TRIALS < 0.05
    shown = sum(differs(ratios(rng, 5, 1.6, 0.05), ratios(rng, 5, 1, 0.05)) for _ in range(TRIALS))
    assert shown / TRIALS > 0.95


def law(replicas: int, per_one: float, contention: float, coherence: float) -> float:
    return per_one * replicas / (1 + contention * (replicas - 1) + coherence * replicas * (replicas - 1))


@pytest.mark.parametrize(
    "parameters", [(100.0, 0.0, 0.0), (100.0, 0.05, 0.0), (250.0, 0.03, 0.002), (20.0, 0.0, 0.01)]
)
def test_law_is_recovered_from_its_own_points(parameters: tuple[float, float, float]) -> None:
    found = fit_usl([(replicas, law(replicas, *parameters)) for replicas in (1, 2, 4, 8)])
    assert (found.per_one, found.contention, found.coherence) == pytest.approx(parameters, rel=0.01, abs=1e-4)
    assert found.per_second(8) == pytest.approx(law(8, *parameters), rel=1e-3)


@pytest.mark.bench
def test_intervals_of_the_law_cover_the_truth() -> None:
    rng = np.random.default_rng(6)
    truth = {"per_one": 100.0, "contention": 0.08, "coherence": 0.004}
    trials, covered = 40, dict.fromkeys(truth, 0)
    for _ in range(trials):
        points = [
            (replicas, law(replicas, **truth) * rng.normal(1, 0.03))
            for replicas in (1, 2, 4, 8)
            for _ in range(3)
        ]
        found = fit_usl(points)
        for name, value in truth.items():
            covered[name] += found.intervals[name].low <= value <= found.intervals[name].high
    assert min(covered.values()) >= 0.8 * trials


@pytest.mark.bench
def test_few_points_are_not_taken_to_be_exact() -> None:
    rng = np.random.default_rng(7)
    trials, covered = 40, 0
    for _ in range(trials):
        found = fit_usl(
            [(replicas, law(replicas, 100, 0.08, 0) * rng.normal(1, 0.03)) for replicas in (1, 2, 4, 8)]
        )
        covered += found.intervals["per_one"].low <= 100 <= found.intervals["per_one"].high
    assert covered >= 0.85 * trials


def test_noise_never_gives_negative_parameters() -> None:
    found = fit_usl([(1, 100), (2, 210), (4, 430), (8, 900)])  # better than linear
    assert found.contention >= 0
    assert found.coherence >= 0
    assert all(isfinite(end) for each in found.intervals.values() for end in (each.low, each.high))
    assert found.intervals["contention"].low >= 0


@pytest.mark.parametrize(
    "points",
    [
        [(1, 100.0), (2, 190.0), (4, 350.0)],
        [(1, 100.0), (1, 101.0), (2, 190.0), (2, 192.0), (4, 350.0)],
    ],
)
def test_fewer_than_four_numbers_of_replicas_are_refused(points: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="at least 4"):
        fit_usl(points)
