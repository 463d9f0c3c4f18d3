"""The search for the highest rate at which a system keeps its objective.

Near the capacity chance decides whether a trial keeps the objective, so no single one may end the search.
The up-and-down method (Dixon and Mood, 1948) raises the rate by one step after each trial that keeps it,
lowers it after each that misses it, and takes the mean of the rates: where half of the trials keep the
objective.

A search leaves its trials to its caller, so that the searches of several systems can take turns.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from math import exp, log, sqrt
from typing import TypeVar

VOID_RETRIES = 2
LARGEST_STEP = 2.0
LOWEST = 1 / 64
"""Of the first rate: a system that misses the objective even there has no capacity worth the name."""

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
    none was). `tried` has all trials, in their order. `limited_by` is `generator` if the generator could send
    no more, else `system`.
    """

    kept: float
    missed: float | None
    per_second: float
    tried: list[tuple[float, bool | None]]
    limited_by: str


class _Void(Exception):
    """All trials of a rate were void."""


@dataclass
class _Trials:
    done: list[tuple[float, bool | None]] = field(default_factory=list)

    def keeps(self, rate: float) -> Trials[bool]:
        """Return whether a rate is kept. Raises _Void."""
        for _ in range(1 + VOID_RETRIES):
            found = yield rate
            self.done.append((rate, None if found is None else found < 1))
            if found is not None:
                return found < 1
        raise _Void

    @property
    def kept(self) -> float:
        """The highest rate that was kept."""
        return max((rate for rate, is_kept in self.done if is_kept), default=0.0)

    @property
    def missed(self) -> float | None:
        """The lowest rate that was missed."""
        return min((rate for rate, is_kept in self.done if is_kept is False), default=None)


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
    rates: list[float] = []
    is_void = False
    try:
        near = yield from _approach(done, min(start, limit), (start * LOWEST, limit), step**2, first_step)
        if near:
            left = max(trials - len(done.done), LEAST_NEAR)
            rates = yield from _up_and_down(done, near, limit, step, left)
    except _Void:
        is_void = True
    is_limited = is_void or done.missed is None
    per_second = _mean(rates) if rates and not is_limited else done.kept
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


def _up_and_down(done: _Trials, rate: float, limit: float, step: float, trials: int) -> Trials[list[float]]:
    """Return the rates of so many trials, and the one that would be next, which the last trial decides."""
    rates = [rate]
    for _ in range(trials):
        rate = min(rate * step, limit) if (yield from done.keeps(rate)) else rate / step
        rates.append(rate)
    return rates


def _mean(rates: Sequence[float]) -> float:
    """Return the geometric mean, as the steps are ratios."""
    return exp(sum(map(log, rates)) / len(rates))
