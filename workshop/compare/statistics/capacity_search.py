"""The search for the highest rate at which a system keeps its objective."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import sqrt

VOID_RETRIES = 2
LARGEST_STEP = 2.0
LOWEST = 1 / 64
"""Of the first rate: a system that misses the objective even there has no capacity worth the name."""

FAR = 2.0
"""A miss by this factor is no chance."""

Probe = Callable[[float], float | None]
"""Tries a rate. Returns what was found in proportion to the objective, which is kept below 1; None if the
trial is void.
"""


@dataclass(frozen=True)
class Found:
    """The highest rate that was kept (0 if none was), the lowest above it that was missed (None if the search
    ended before one was), and the rate between them that stands for the capacity. `tried` has all trials, in
    their order. `limited_by` is `generator` if the generator could send no more, else `system`.
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
    probe: Probe
    done: list[tuple[float, bool | None]] = field(default_factory=list)

    def keeps(self, rate: float) -> bool:
        """Return whether a rate is kept. One bad moment of a machine must not decide, so a miss that is not
        far off is tried once more. Raises _Void.
        """
        found = self._found(rate)
        if 1 <= found < FAR:
            found = self._found(rate)
        return found < 1

    def _found(self, rate: float) -> float:
        for _ in range(1 + VOID_RETRIES):
            found = self.probe(rate)
            self.done.append((rate, None if found is None else found < 1))
            if found is not None:
                return found
        raise _Void


def find_capacity(
    probe: Probe, start: float, limit: float, precision: float = 0.1, first_step: float = LARGEST_STEP
) -> Found:
    """Search between a small part of `start` and `limit`, until `missed` is at most `precision` above `kept`.

    The rate is multiplied or divided by `first_step`, then by its square, and so on, at most by 2, until one
    is kept and one is missed: small steps are for a `start` near the capacity. Then the geometric middle is
    tried again and again. A rate at which all trials are void ends the search: the generator limits it.
    """
    trials = _Trials(probe)
    step = first_step
    kept, missed = 0.0, None
    rate = min(start, limit)
    try:
        while True:
            if trials.keeps(rate):
                kept = rate
            else:
                missed = rate
            following = _next_rate(kept, missed, step, precision)
            if following is None or kept >= limit or following < start * LOWEST:
                break
            rate, step = min(following, limit), min(step * step, LARGEST_STEP)
        is_void = False
    except _Void:
        is_void = True
    per_second = kept if missed is None or is_void else sqrt(kept * missed)
    limited_by = "generator" if missed is None or is_void else "system"
    return Found(kept, missed, per_second, trials.done, limited_by)


def _next_rate(kept: float, missed: float | None, step: float, precision: float) -> float | None:
    """Return the rate to try next, None if the two are close enough."""
    if missed is None:
        return kept * step
    if not kept:
        return missed / step
    return sqrt(kept * missed) if missed > kept * (1 + precision) else None
