"""The plan of a run: its blocks of work, in their order, and how long they take."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from workshop.compare.effort import Effort
from workshop.compare.gains.lengths import start_seconds
from workshop.compare.system.arms import Arm, shares_of

if TYPE_CHECKING:
    from workshop.compare.run import Run

EXPERIMENTS = {
    "instrument": "what the load generator can measure, shown on servers whose behaviour is known",
    "capacity": "latency and capacity by rate, CPU of a request, memory, start-up, lag: what each step costs",
    "waiting": "mail and images that hang for 2 s: which verbs suffer",
    "hot-verb": "ten times as many searches: what has to be added",
    "scaling": "1, 2, 4 and 8 replicas of search with equal CPU quotas",
    "blast": "each part killed in turn: which verbs suffer, and for how long",
    "rollout": "a new version of search under load: what is refused",
    "size": "files and lines that a reader must follow, and files to touch for a new reader of events",
}
IN_QUICK = ("instrument", "capacity", "waiting", "size")
QUICK_STEPS = ("0", "3")
"""The steps whose waiting a quick run measures."""

FIRST_TRIALS, LATER_TRIALS, QUICK_TRIALS = 7.0, 6.2, 3.5
"""How many trials a search for capacity needs: at first, near an earlier result, and if it is rough."""

WARM_UP_SECONDS, PREPARING_SECONDS, TRIAL_OVERHEAD_SECONDS = 3.0, 9.0, 1.8


@dataclass(frozen=True)
class Block:
    """A piece of work that is done as a whole, or done again. It takes about so many `seconds`."""

    name: str
    seconds: float
    work: "Callable[[Run], None]"


def make_plan(effort: Effort, arms: Sequence[Arm], experiments: Sequence[str], seed: int) -> list[Block]:
    """Return the blocks of these experiments with these arms. The same seed gives the same order."""
    # Modules that measure are imported only when they are needed, as that takes a while.
    from workshop.compare import blocks  # noqa: PLC0415

    plan = []
    if "instrument" in experiments:
        plan.append(Block("instrument", 38.0 if effort.is_quick else 75.0, blocks.instrument))
    if "capacity" in experiments:
        for number in range(1, effort.rounds + 1):
            shuffled = Random(f"{seed}.{number}").sample(list(arms), len(arms))  # noqa: S311
            plan += [_round(effort, number, arm) for arm in shuffled]
    plan += [each for name in experiments for each in blocks.others(name, effort, arms)]
    return plan


def not_done(plan: Sequence[Block], done: set[str]) -> list[Block]:
    """Return the blocks whose names are not among those that are done."""
    return [each for each in plan if each.name not in done]


def total_seconds(blocks: Sequence[Block]) -> float:
    """Return how long blocks take together, about."""
    return sum(each.seconds for each in blocks)


def _round(effort: Effort, number: int, arm: Arm) -> Block:
    from workshop.compare import blocks  # noqa: PLC0415

    trials = QUICK_TRIALS if effort.is_quick else FIRST_TRIALS if number == 1 else LATER_TRIALS
    cost = effort.cost_seconds + 1.0 if effort.measures_cost(number) else 0.0
    by_share = WARM_UP_SECONDS + cost + trials * (effort.trial_seconds + TRIAL_OVERHEAD_SECONDS)
    fixed = start_seconds([arm.name]) + PREPARING_SECONDS + 2 * effort.idle_seconds
    seconds = fixed + len(shares_of(arm, effort.shares)) * by_share
    return Block(
        f"round {number}, {arm.name}", seconds, partial(blocks.round_of, arm=arm.name, number=number)
    )
