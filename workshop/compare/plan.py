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
    "storage": "bytes on disk of a post and of a mark, with all copies and events",
    "size": "files and lines that a reader must follow, and files to touch for a new reader of events",
}
IN_QUICK = ("instrument", "capacity", "waiting", "size")
QUICK_STEPS = ("0", "3")
"""The steps whose waiting a quick run measures."""

PREPARING_SECONDS, WARM_UP_SECONDS, TRIAL_OVERHEAD_SECONDS = 7.0, 1.5, 1.4
FIRST_TRIALS = 1.0
"""How many trials more than it should a search needs, if none was made before."""


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
        shuffled = Random(seed).sample(list(arms), len(arms))  # noqa: S311 - repeatable, not secret
        plan += [_alone(effort, arm) for arm in shuffled]
        plan += [_capacities(effort, number, arms) for number in range(1, effort.rounds + 1)]
    plan += [each for name in experiments for each in blocks.others(name, effort, arms)]
    return plan


def not_done(plan: Sequence[Block], done: set[str]) -> list[Block]:
    """Return the blocks whose names are not among those that are done."""
    return [each for each in plan if each.name not in done]


def total_seconds(blocks: Sequence[Block]) -> float:
    """Return how long blocks take together, about."""
    return sum(each.seconds for each in blocks)


def _alone(effort: Effort, arm: Arm) -> Block:
    from workshop.compare import blocks  # noqa: PLC0415

    by_share = WARM_UP_SECONDS + effort.cost_seconds + 1.0
    seconds = _preparing(arm) + 2 * effort.idle_seconds + len(shares_of(arm, effort.shares)) * by_share
    return Block(f"alone, {arm.name}", seconds, partial(blocks.alone, arm=arm.name))


def _capacities(effort: Effort, number: int, arms: Sequence[Arm]) -> Block:
    from workshop.compare import blocks  # noqa: PLC0415

    trials = effort.trials + (FIRST_TRIALS if number == 1 else 0.0)
    by_share = WARM_UP_SECONDS + trials * (effort.trial_seconds + TRIAL_OVERHEAD_SECONDS)
    seconds = sum(_preparing(arm) + len(shares_of(arm, effort.shares)) * by_share for arm in arms)
    names = [arm.name for arm in arms]
    return Block(f"capacity, round {number}", seconds, partial(blocks.capacities, arms=names, number=number))


def _preparing(arm: Arm) -> float:
    return start_seconds([arm.name]) + PREPARING_SECONDS
