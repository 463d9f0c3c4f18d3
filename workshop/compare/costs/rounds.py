"""What is measured of an arm that is up alone, and the rounds of capacity, in which all arms take turns."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from random import Random

from workshop.compare.costs import lag, usage
from workshop.compare.costs.capacity import measure_capacity
from workshop.compare.costs.subject import Reference, Subject, compare_pages, prepare
from workshop.compare.effort import Effort
from workshop.compare.instrument.sending import Send, generator, send
from workshop.compare.observations import About, Equality, Observation
from workshop.compare.system.arms import Running, all_arms, running, shares_of
from workshop.testbed.process import NotMeasured

ONLY_ROUND = 1
"""The round of what is measured once."""

WARM_UP_RATE, WARM_UP_SECONDS = 20.0, 1.0


def measure_alone(
    arm: str, *, about: About, effort: Effort, reference: Reference, record: Callable[[Observation], None]
) -> None:
    """Measure an arm while no other one is up: its footprint, the cost of a request by share of signed-in
    readers, and the lag of new posts.

    Raises NotMeasured if the arm does not start, or responds otherwise than the reference.
    """
    with running(arm) as up:
        _require_same_pages(up, about, reference, record)
        idle = usage.measure_footprint(
            up, round_number=ONLY_ROUND, seconds=effort.idle_seconds, record=record
        )
        subject = _subject(up, about, reference)
        for signed in _shares(arm, about):
            usage.measure_cost(
                subject,
                round_number=ONLY_ROUND,
                signed=signed,
                rate=effort.cost_rate,
                seconds=effort.cost_seconds,
                idle=idle,
                record=record,
            )
        lag.measure_lag(up, round_number=ONLY_ROUND, count=effort.lag_posts, record=record)


def measure_capacities(
    arms: Sequence[str],
    *,
    round_number: int,
    about: About,
    effort: Effort,
    reference: Reference,
    observations: Sequence[Observation],
    record: Callable[[Observation], None],
) -> None:
    """Measure the capacities of arms once, by share of signed-in readers.

    All arms are up. Their searches take turns, so that they meet the same conditions: the machine is slower
    at one moment than at another. Raises NotMeasured if any arm does not start, or responds otherwise than
    the reference.
    """
    with ExitStack() as stack:
        sending = stack.enter_context(generator())
        searches: dict[float, list[Iterator[None]]] = {}
        for arm in arms:
            up = stack.enter_context(running(arm))
            with up.at_work():
                _require_same_pages(up, about, reference, record)
                subject = _subject(up, about, reference, sending)
            for signed in _shares(arm, about):
                trials = measure_capacity(
                    subject,
                    round_number=round_number,
                    signed=signed,
                    effort=effort,
                    record=record,
                    earlier=observations,
                )
                searches.setdefault(signed, []).append(trials)
        take_turns(searches, Random(f"{about.seed}.{round_number}"))  # noqa: S311 - repeatable, not secret


def take_turns(searches: Mapping[float, Sequence[Iterator[None]]], rng: Random) -> None:
    """Advance all searches step by step until each has ended: those of one share of signed-in readers right
    after each other, as they are compared, the shares and the searches in random order each time.
    """
    left = {signed: [*of_share] for signed, of_share in searches.items()}
    while any(left.values()):
        for signed in rng.sample([*left], len(left)):
            for each in rng.sample(left[signed], len(left[signed])):
                if next(each, "ended") == "ended":
                    left[signed].remove(each)


def _require_same_pages(
    up: Running, about: About, reference: Reference, record: Callable[[Observation], None]
) -> None:
    different = compare_pages(up, about, reference)
    record(Equality(up.arm, len(reference.pages), different))
    if different:
        raise NotMeasured(f"Its responses are not those of the other arms: {'; '.join(different[:3])}.")


def _subject(up: Running, about: About, reference: Reference, sending: Send = send) -> Subject:
    """Return the arm under load, after the first requests of each share."""
    subject = prepare(up, about, reference, sending)
    for signed in _shares(up.arm, about):
        subject.load(
            round_number=ONLY_ROUND,
            rate=WARM_UP_RATE,
            signed=signed,
            seconds=WARM_UP_SECONDS,
            warm_up=0.0,
            purpose="warm-up",
        )
    return subject


def _shares(arm: str, about: About) -> list[float]:
    return shares_of(all_arms()[arm], about.shares)
