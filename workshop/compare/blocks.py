"""The blocks of a run: each does one experiment with one arm, as far as that is possible alone."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from workshop.compare.costs import rounds, size, storage
from workshop.compare.effort import Effort
from workshop.compare.gains import blast, hot_verb, rollout, scaling, waiting, wish
from workshop.compare.gains.lengths import WITH_SERVICES
from workshop.compare.plan import QUICK_STEPS, Block
from workshop.compare.system.arms import Arm
from workshop.testbed.step import isolated_state

if TYPE_CHECKING:
    from workshop.compare.run import Run

SIZE_SECONDS = 3.0
ONCE: dict[str, tuple[Callable[..., float], Callable[..., None]]] = {
    "hot-verb": (hot_verb.seconds, hot_verb.hot_verb),
    "scaling": (scaling.seconds, scaling.scaling),
    "blast": (blast.seconds, blast.blast),
    "rollout": (rollout.seconds, rollout.rollout),
    "storage": (storage.seconds, storage.storage),
}
"""Experiments with one arm after another: how long each takes, and what does it."""


def instrument(run: "Run") -> None:
    """Prove that the generator can measure."""
    from workshop.compare.instrument import proof  # noqa: PLC0415

    with isolated_state():
        proof.prove(run.journal.record, proof.QUICK if run.effort.is_quick else proof.FULL)


def alone(run: "Run", *, arm: str) -> None:
    """Measure what an arm takes, while no other one is up."""
    rounds.measure_alone(
        arm, about=run.about, effort=run.effort, reference=run.reference, record=run.journal.record
    )


def capacities(run: "Run", *, arms: Sequence[str], number: int) -> None:
    """Measure the capacity of each arm once."""
    rounds.measure_capacities(
        arms,
        round_number=number,
        about=run.about,
        effort=run.effort,
        reference=run.reference,
        observations=run.journal.observations,
        record=run.journal.record,
    )


def others(name: str, effort: Effort, arms: Sequence[Arm]) -> list[Block]:
    """Return the blocks of an experiment that is done once, with those of the arms that are steps."""
    steps = [each.name for each in arms if each.name == str(each.step)]
    if name == "waiting":
        return _waiting([each for each in steps if not effort.is_quick or each in QUICK_STEPS], effort)
    if name == "size":
        return [Block(name, SIZE_SECONDS, partial(_count, steps=steps))]
    if name not in ONCE:
        return []
    seconds, experiment = ONCE[name]
    able = [each for each in steps if each in WITH_SERVICES or name != "scaling"]

    def work(run: "Run", arm: str) -> None:
        experiment([arm], run.journal.record)

    return [_block(name, each, seconds(effort.is_quick, [each]), work) for each in able]


def _waiting(steps: Sequence[str], effort: Effort) -> list[Block]:
    kinds = waiting.KINDS[:1] if effort.is_quick else waiting.KINDS
    lengths = waiting.QUICK if effort.is_quick else waiting.FULL

    def wait(run: "Run", arm: str) -> None:
        waiting.waiting([arm], run.journal.record, kinds=kinds, lengths=lengths)

    return [_block("waiting", each, waiting.seconds(effort.is_quick, [each], kinds), wait) for each in steps]


def _count(run: "Run", *, steps: Sequence[str]) -> None:
    size.size(steps, run.journal.record)
    wish.wish(steps, run.journal.record)


def _block(name: str, arm: str, seconds: float, work: "Callable[[Run, str], None]") -> Block:
    return Block(f"{name}, {arm}", seconds, lambda run: work(run, arm))
