"""Capacity: the highest rate of the mix at which an arm keeps the objective."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from statistics import median

from workshop.compare.costs.subject import Subject
from workshop.compare.effort import Effort
from workshop.compare.observations import Capacity, Observation
from workshop.compare.statistics.capacity_search import Found, search

HIGHEST_RATE = 4000.0
FIRST_STEP = 1.2
"""The first step from a typical rate; from an earlier capacity of the arm it is the usual one."""

WARM_UP = 0.8
"""Seconds of a trial, before it counts. Requests of all kinds have been sent to the arm before."""

LEAST_REQUESTS = 120
"""How many a trial should have, if that takes no more than twice its time: one in a hundred decides."""

TYPICAL = {
    "0": {0.0: 125.0, 0.2: 115.0, 1.0: 84.0},
    "0 cached": {0.0: 500.0, 0.2: 250.0, 1.0: 80.0},
    "1": {0.0: 64.0, 0.2: 58.0, 1.0: 35.0},
    "2": {0.0: 50.0, 0.2: 27.0, 1.0: 15.0},
    "3": {0.0: 240.0, 0.2: 95.0, 1.0: 34.0},
}
"""What a core of our machine carries, by arm and share of signed-in readers. It only says where to begin."""


def measure_capacity(
    subject: Subject,
    *,
    round_number: int,
    signed: float,
    effort: Effort,
    record: Callable[[Observation], None],
    earlier: Sequence[Observation] = (),
) -> Iterator[None]:
    """Search for the capacity: make one trial with each step of the iterator, so that several searches can
    take turns. Record the trials and what was found. Trials are longer at low rates.

    `earlier` are the observations of this run so far: they say where to begin.
    """
    start, is_near = first_rate(earlier, subject.up.arm, signed)
    trials = search(
        start,
        HIGHEST_RATE,
        step=effort.step,
        trials=effort.trials,
        first_step=effort.step if is_near else max(effort.step, FIRST_STEP),
    )
    rate = next(trials)
    for turn in count(1):
        seconds = min(max(effort.trial_seconds, LEAST_REQUESTS / rate), 2 * effort.trial_seconds)
        with subject.up.at_work():
            load = subject.load(
                round_number=round_number,
                rate=rate,
                signed=signed,
                seconds=seconds,
                warm_up=WARM_UP,
                turn=turn,
            )
        record(load)
        try:
            rate = trials.send(load.beside(subject.about.slo_ms, subject.about.slo_errors))
        except StopIteration as end:
            found: Found = end.value
            break
        yield
    record(
        Capacity(
            round=round_number,
            arm=subject.up.arm,
            signed=signed,
            per_second=found.per_second,
            kept=found.kept,
            missed=found.missed,
            limited_by=found.limited_by,
        )
    )


def first_rate(observations: Sequence[Observation], arm: str, signed: float) -> tuple[float, bool]:
    """Return the rate at which to begin, and whether it is the latest capacity of the arm at this share of
    signed-in readers. If there is none, it is a typical one, as much larger or smaller as this machine's
    capacities are otherwise.
    """
    found = [each for each in observations if isinstance(each, Capacity) and each.per_second]
    same = [each.per_second for each in found if (each.arm, each.signed) == (arm, signed)]
    if same:
        return same[-1], True
    speeds = [each.per_second / _typical(each.arm, each.signed) for each in found]
    return _typical(arm, signed) * (median(speeds) if speeds else 1.0), False


def _typical(arm: str, signed: float) -> float:
    by_share = TYPICAL.get(arm, TYPICAL[arm[0]])
    return by_share[min(by_share, key=lambda share: abs(share - signed))]
