"""Intervals of a mean from few rounds, by the bootstrap.

The usual percentile interval is too narrow for few values. So its quantiles are moved outwards as Student's
t asks for ("expanded percentile interval", Hesterberg 2015, The American Statistician 69:4). It never goes
beyond the range of the values: with three or four of them, the range is all that they can say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt

CONFIDENCE = 0.95
RESAMPLES = 20_000
MIN_ROUNDS = 3
"""With fewer values, the interval is their range."""


@dataclass(frozen=True)
class Interval:
    """A mean, and where it may lie, from so many rounds."""

    middle: float
    low: float
    high: float
    rounds: int


def interval(values: Sequence[float], seed: int = 0) -> Interval:
    """Return the mean of the values with its interval. Raises ValueError if there are none."""
    import numpy as np  # noqa: PLC0415

    found = np.asarray(values, dtype=float)
    if not found.size:
        raise ValueError("An interval needs at least one value.")
    middle = float(found.mean())
    if found.size < MIN_ROUNDS:
        return Interval(middle, float(found.min()), float(found.max()), found.size)
    drawn = np.random.default_rng(seed).integers(found.size, size=(RESAMPLES, found.size))
    tail = _tail(found.size)
    low, high = np.quantile(found[drawn].mean(axis=1), [tail, 1 - tail])
    return Interval(middle, float(low), float(high), found.size)


def ratio_interval(numerators: Sequence[float], denominators: Sequence[float], seed: int = 0) -> Interval:
    """Return the geometric mean of the ratios with its interval.

    Both sequences have one value a round, in the order of rounds: what slowed down a whole round is in both
    values of a pair. Raises ValueError if their lengths differ, or a value is not above 0.
    """
    if len(numerators) != len(denominators):
        raise ValueError("Ratios need as many numerators as denominators.")
    if min([*numerators, *denominators], default=0) <= 0:
        raise ValueError("Ratios need values above 0.")
    ratios = [log(above / below) for above, below in zip(numerators, denominators, strict=True)]
    found = interval(ratios, seed)
    return Interval(exp(found.middle), exp(found.low), exp(found.high), found.rounds)


def differs(ratio: Interval, same: Interval) -> bool:
    """Return whether a ratio shows a difference. `same` is the ratio of a system to itself.

    The whole interval of the ratio must lie beyond the spread of `same`, on one side of 1. One round shows no
    spread: whoever makes an interval of one must make it wide enough.
    """
    spread = max(_magnitude(same.low), _magnitude(same.high))
    return (ratio.low > 1 and log(ratio.low) > spread) or (ratio.high < 1 and _magnitude(ratio.high) > spread)


def _magnitude(ratio: float) -> float:
    return abs(log(ratio)) if ratio > 0 else inf


def _tail(count: int) -> float:
    from scipy.stats import norm, t  # noqa: PLC0415

    quantile = t.ppf((1 + CONFIDENCE) / 2, count - 1)
    return float(norm.cdf(-quantile * sqrt(count / (count - 1))))
