"""Capacity: the highest rate of the mix at which an arm keeps the objective."""

from collections.abc import Callable, Sequence
from statistics import median

from workshop.compare.costs.subject import Subject
from workshop.compare.observations import Capacity, Observation
from workshop.compare.statistics.capacity_search import find_capacity

HIGHEST_RATE = 4000.0
FIRST_STEP = 1.2
TYPICAL = {
    "0": {0.0: 230.0, 0.2: 165.0, 1.0: 90.0},
    "0 cached": {0.0: 450.0, 0.2: 160.0, 1.0: 88.0},
    "1": {0.0: 130.0, 0.2: 90.0, 1.0: 50.0},
    "2": {0.0: 130.0, 0.2: 48.0, 1.0: 22.0},
    "3": {0.0: 300.0, 0.2: 110.0, 1.0: 45.0},
}
"""What a core of our machine carries, by arm and share of signed-in readers. It only says where to begin."""


def measure_capacity(
    subject: Subject,
    *,
    round_number: int,
    signed: float,
    seconds: float,
    precision: float,
    record: Callable[[Observation], None],
    earlier: Sequence[Observation] = (),
) -> Capacity:
    """Search for the capacity with trials of so many seconds, and record them and what was found.

    `earlier` are the observations of this run so far: they say where to begin.
    """

    paces: list[float] = []

    def probe(rate: float) -> float | None:
        load = subject.load(round_number=round_number, rate=rate, signed=signed, seconds=seconds)
        record(load)
        if load.pace_ms is not None:
            paces.append(load.pace_ms)
        return load.beside(subject.about.slo_ms, subject.about.slo_errors)

    found = find_capacity(
        probe,
        start=first_rate(earlier, subject.up.arm, signed),
        limit=HIGHEST_RATE,
        precision=precision,
        first_step=FIRST_STEP,
    )
    capacity = Capacity(
        round=round_number,
        arm=subject.up.arm,
        signed=signed,
        per_second=found.per_second,
        kept=found.kept,
        missed=found.missed,
        limited_by=found.limited_by,
        pace_ms=median(paces) if paces else None,
    )
    record(capacity)
    return capacity


def first_rate(observations: Sequence[Observation], arm: str, signed: float) -> float:
    """Return the rate at which to begin: the latest capacity of the arm at this share of signed-in readers,
    or else a typical one, as much larger or smaller as this machine's capacities are otherwise.
    """
    found = [each for each in observations if isinstance(each, Capacity) and each.per_second]
    same = [each.per_second for each in found if (each.arm, each.signed) == (arm, signed)]
    if same:
        return same[-1]
    speeds = [each.per_second / _typical(each.arm, each.signed) for each in found]
    return _typical(arm, signed) * (median(speeds) if speeds else 1.0)


def _typical(arm: str, signed: float) -> float:
    by_share = TYPICAL.get(arm, TYPICAL[arm[0]])
    return by_share[min(by_share, key=lambda share: abs(share - signed))]
