"""A run: works through a plan, block by block, and can be continued after an interruption."""

import random
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from workshop.compare.effort import Effort
from workshop.compare.journal import Journal
from workshop.compare.observations import About, Done, Skipped
from workshop.compare.plan import Block, not_done, total_seconds
from workshop.compare.workload.mix import MIX
from workshop.testbed.process import NotMeasured

if TYPE_CHECKING:
    from workshop.compare.costs.subject import Reference

BUNDLED_POSTS = 2000


class Progress(Protocol):
    """Shows which block is worked on."""

    def block(self, block: Block, seconds_left: float) -> AbstractContextManager[None]:
        """Show a block, and how long it and all after it will take, inside the block."""

    def note(self, text: str) -> None:
        """Show a line that stays."""


@dataclass
class Run:
    """A run with its journal. Blocks use `about` and `effort`, and `reference`: the pages of the first arm
    that is measured, to which those of all others must be equal.
    """

    journal: Journal
    effort: Effort
    progress: Progress
    reference: "Reference" = field(init=False)

    def __post_init__(self) -> None:
        from workshop.compare.costs.subject import Reference  # noqa: PLC0415

        self.reference = Reference()

    @property
    def about(self) -> About:
        """What the first line of the journal says."""
        about = self.journal.about
        assert about is not None  # noqa: S101 - a run begins with it
        return about

    def work(self, plan: Sequence[Block]) -> list[str]:
        """Work through the blocks that are not done yet. Return the names of those that failed.

        Why a block failed is shown and recorded; what it had observed until then is kept.
        """
        failed = []
        pace = 1.0
        left = not_done(plan, self.journal.done)
        for place, block in enumerate(left):
            began = time.monotonic()
            try:
                with self.progress.block(block, pace * total_seconds(left[place:])):
                    block.work(self)
            except NotMeasured as error:
                failed.append(block.name)
                self.journal.record(Skipped(block.name, None, error.format_message()))
                self.progress.note(f"{block.name} was not measured. {error.format_message()}")
            seconds = time.monotonic() - began
            self.journal.record(Done(block.name, seconds))
            pace = 0.5 * pace + 0.5 * seconds / max(block.seconds, 1.0)
        return failed


def describe_run(effort: Effort, *, quick: bool, on_disk: bool = False) -> About:
    """Return what is known of a run that begins now."""
    from workshop.compare.system import cores, machine, quotas, stores  # noqa: PLC0415

    kind = quotas.available()
    return About(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        commit=machine.commit(),
        quick=quick,
        machine=machine.describe(),
        system_cores=float(len(cores.SYSTEM)),
        limit="none" if cores.IS_SHARED else "affinity",
        quotas=kind,
        stores=stores.DISK if on_disk else stores.available(),
        posts=BUNDLED_POSTS,
        readers=effort.readers,
        mix=MIX,
        shares=list(effort.shares),
        rounds=effort.rounds,
        seed=random.SystemRandom().randrange(10**6),
    )


def require_same(journal: Journal, about: About) -> str | None:
    """Return why a journal cannot be continued by a run that would be described so; None if it can."""
    earlier = journal.about
    if earlier is None:
        return "There is nothing to continue."
    for name in ("commit", "quick", "rounds", "shares", "mix", "system_cores", "stores"):
        if getattr(earlier, name) != getattr(about, name):
            return f"The interrupted run had another {name.replace('_', ' ')}."
    if earlier.machine != about.machine:
        return "The interrupted run was made on another machine."
    return None
