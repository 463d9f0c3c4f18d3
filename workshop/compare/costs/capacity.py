"""Capacity: the highest rate of the mix at which an arm keeps the objective."""

from collections.abc import Callable, Sequence

from workshop.compare.costs.subject import Subject
from workshop.compare.observations import Capacity, Observation
from workshop.compare.statistics.capacity_search import LARGEST_STEP, find_capacity

HIGHEST_RATE = 4000.0
NEAR_STEP = 1.2
"""The first step from an earlier result."""

FIRST_RATE = {0: 100.0, 1: 75.0, 2: 40.0, 3: 80.0}
"""Where the search begins in the first round, by step: near what a core carries."""


def measure_capacity(
    subject: Subject,
    *,
    round_number: int,
    signed: float,
    seconds: float,
    precision: float,
    record: Callable[[Observation], None],
    earlier: Sequence[Capacity] = (),
) -> Capacity:
    """Search for the capacity with trials of so many seconds, and record them and what was found.

    `earlier` are capacities of the same arm and share, in other rounds: the search begins near the last one.
    """

    def probe(rate: float) -> bool | None:
        load = subject.load(round_number=round_number, rate=rate, signed=signed, seconds=seconds)
        record(load)
        return load.keeps(subject.about.slo_ms, subject.about.slo_errors)

    known = [each.per_second for each in earlier if each.per_second]
    found = find_capacity(
        probe,
        start=known[-1] if known else FIRST_RATE.get(subject.up.step, FIRST_RATE[0]),
        limit=HIGHEST_RATE,
        precision=precision,
        first_step=NEAR_STEP if known else LARGEST_STEP,
    )
    capacity = Capacity(
        round=round_number,
        arm=subject.up.arm,
        signed=signed,
        per_second=found.per_second,
        kept=found.kept,
        missed=found.missed,
        limited_by=found.limited_by,
    )
    record(capacity)
    return capacity


def of_arm(observations: Sequence[Observation], arm: str, signed: float) -> list[Capacity]:
    """Return the capacities of an arm at a share of signed-in readers, by round."""
    found = [each for each in observations if isinstance(each, Capacity)]
    return [each for each in found if (each.arm, each.signed) == (arm, signed)]
