"""The rounds: in each of them every arm is started once, in random order, and measured."""

from collections.abc import Callable, Sequence

from workshop.compare.costs import capacity, lag, usage
from workshop.compare.costs.subject import Reference, compare_pages, prepare
from workshop.compare.effort import Effort
from workshop.compare.observations import About, Equality, Observation
from workshop.compare.system.arms import all_arms, running, shares_of
from workshop.testbed.process import NotMeasured


def measure_arm(
    arm: str,
    *,
    round_number: int,
    about: About,
    effort: Effort,
    reference: Reference,
    observations: Sequence[Observation],
    record: Callable[[Observation], None],
) -> None:
    """Measure an arm once: its footprint, and by share of signed-in readers its capacity and the cost of a
    request; then the lag of new posts.

    Raises NotMeasured if the arm does not start, or responds otherwise than the reference.
    """
    with running(arm) as up:
        different = compare_pages(up, about, reference)
        record(Equality(arm, len(reference.pages), different))
        if different:
            raise NotMeasured(f"Its responses are not those of the other arms: {'; '.join(different[:3])}.")
        idle = usage.measure_footprint(
            up, round_number=round_number, seconds=effort.idle_seconds, record=record
        )
        subject = prepare(up, about, reference)
        for signed in shares_of(all_arms()[arm], about.shares):
            subject.load(round_number=round_number, rate=20.0, signed=signed, seconds=1.0, purpose="warm-up")
            if effort.measures_cost(round_number):
                usage.measure_cost(
                    subject,
                    round_number=round_number,
                    signed=signed,
                    rate=effort.cost_rate,
                    seconds=effort.cost_seconds,
                    idle=idle,
                    record=record,
                )
            capacity.measure_capacity(
                subject,
                round_number=round_number,
                signed=signed,
                seconds=effort.trial_seconds,
                step=effort.step,
                near_trials=effort.near_trials,
                record=record,
                earlier=observations,
            )
        lag.measure_lag(up, round_number=round_number, count=effort.lag_posts, record=record)
