"""The search for the highest rate at which a system keeps its objective.

Near the capacity chance decides whether a trial keeps the objective, so no single one may end the search.
The up-and-down method (Dixon and Mood, 1948) raises the rate by one step after each trial that keeps it, and
lowers it after each that misses it: so the trials gather where half of them keep it. By how much each of them
kept or missed it tells more than whether it did, so a straight line is laid through the logarithms of what
was found over those of the rates, and the capacity is where it crosses the objective.

A search leaves its trials to its caller, so that the searches of several systems can take turns.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from math import exp, log, sqrt
from statistics import fmean
from typing import TypeVar

VOID_RETRIES = 2
LARGEST_STEP = 2.0
LOWEST = 1 / 64
"""Of the first rate: a system that misses the objective even there has no capacity worth the name."""

LOWEST_FOUND, HIGHEST_FOUND = 0.2, 4.0
"""What was found beyond these, in proportion to the objective, counts as if it were these."""

NEAR = 2.0
"""Trials at rates that differ by more from where the search got near are not used for the line."""

USUAL_SLOPE, USUAL_WEIGHT = 2.0, 0.05
"""The slope of the line is near this if the rates are too close to show one. It weighs as much as two trials
0.16 above and below the mean of the logarithms.
"""
LEAST_SLOPE = 1.0

LEAST_NEAR = 3
"""How many trials there are near the capacity, however many it took to get there."""

Result = TypeVar("Result")
Trials = Generator[float, float | None, Result]
"""Yields a rate to try. It is sent what was found in proportion to the objective, which is kept below 1; None
if the trial is void.
"""


@dataclass(frozen=True)
class Found:
    """The capacity, the highest rate that was kept (0 if none was), and the lowest that was missed (None if
    none was). `tried` has all trials, in their order: rates, and what was found there. `limited_by` is
    `generator` if the generator could send no more, else `system`.
    """

    kept: float
    missed: float | None
    per_second: float
    tried: list[tuple[float, float | None]]
    limited_by: str


class _Void(Exception):
    """All trials of a rate were void."""


@dataclass
class _Trials:
    done: list[tuple[float, float | None]] = field(default_factory=list)

    def keeps(self, rate: float) -> Trials[bool]:
        """Return whether a rate is kept. Raises _Void."""
        for _ in range(1 + VOID_RETRIES):
            found = yield rate
            self.done.append((rate, found))
            if found is not None:
                return found < 1
        raise _Void

    @property
    def kept(self) -> float:
        """The highest rate that was kept."""
        return max((rate for rate, found in self.done if found is not None and found < 1), default=0.0)

    @property
    def missed(self) -> float | None:
        """The lowest rate that was missed."""
        return min((rate for rate, found in self.done if found is not None and found >= 1), default=None)


def search(
    start: float, limit: float, *, step: float, trials: int, first_step: float = LARGEST_STEP
) -> Trials[Found]:
    """Search between a small part of `start` and `limit`, with so many trials, or a few more if it takes many
    to get near the capacity. Near it each is at a rate that is one `step` above or below the last.

    To get near, the rate is multiplied or divided by `first_step`, then by its square, and so on, at most by
    2, until one is kept and one is missed: small steps are for a `start` near the capacity. Then the
    geometric middle is tried, until the two are within two steps of each other. A rate at which all trials
    are void ends the search: the generator limits it.
    """
    done = _Trials()
    near, is_void = None, False
    try:
        near = yield from _approach(done, min(start, limit), (start * LOWEST, limit), step**2, first_step)
        if near:
            left = max(trials - len(done.done), LEAST_NEAR)
            yield from _up_and_down(done, near, limit, step, left)
    except _Void:
        is_void = True
    is_limited = is_void or done.missed is None
    per_second = _crossing(done.done, near) if near and not is_limited else done.kept
    return Found(done.kept, done.missed, per_second, done.done, "generator" if is_limited else "system")


def _approach(
    done: _Trials, rate: float, bounds: tuple[float, float], precision: float, step: float
) -> Trials[float | None]:
    """Return a rate between one that was kept and one at most `precision` times as high that was missed.
    Return None if the upper bound was kept, or a rate below the lower one was due.
    """
    (lowest, limit), kept, missed = bounds, 0.0, None
    while missed is None or not kept or missed > kept * precision:
        if (yield from done.keeps(rate)):
            kept = rate
        else:
            missed = rate
        if kept >= limit:
            return None
        if missed is None:
            rate = min(kept * step, limit)
        elif not kept:
            rate = missed / step
        else:
            rate = sqrt(kept * missed)
        if rate < lowest:
            return None
        step = min(step * step, LARGEST_STEP)
    return rate


def _up_and_down(done: _Trials, rate: float, limit: float, step: float, trials: int) -> Trials[None]:
    for _ in range(trials):
        rate = min(rate * step, limit) if (yield from done.keeps(rate)) else rate / step


def _crossing(tried: Sequence[tuple[float, float | None]], near: float) -> float:
    """Return the rate at which a line through what was found, both in logarithms, crosses the objective.

    The line is that of least squares, with a usual slope for trials that are too close together. It says
    nothing about rates beyond those of the trials.
    """
    points = [
        (log(rate), log(min(max(found, LOWEST_FOUND), HIGHEST_FOUND)))
        for rate, found in tried
        if found is not None and near / NEAR <= rate <= near * NEAR
    ]
    mean_x, mean_y = (fmean(values) for values in zip(*points, strict=True))
    products = sum((x - mean_x) * (y - mean_y) for x, y in points) + USUAL_SLOPE * USUAL_WEIGHT
    slope = products / (sum((x - mean_x) ** 2 for x, _ in points) + USUAL_WEIGHT)
    crossing = mean_x - mean_y / max(slope, LEAST_SLOPE)
    lowest, highest = (extreme(x for x, _ in points) for extreme in (min, max))
    return exp(min(max(crossing, lowest), highest))
