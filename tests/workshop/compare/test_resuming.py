"""A run works through its plan, and continues where it was interrupted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workshop.compare.test_journal import ABOUT, FOUND
from workshop.compare.effort import QUICK
from workshop.compare.journal import Journal
from workshop.compare.observations import Done, Skipped
from workshop.compare.plan import Block
from workshop.compare.run import Run, require_same
from workshop.testbed.process import NotMeasured


class Kept:
    """Keeps what a run shows."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.left: list[float] = []

    @contextmanager
    def block(self, block: Block, seconds_left: float) -> Iterator[None]:
        self.lines.append(block.name)
        self.left.append(seconds_left)
        yield

    def note(self, text: str) -> None:
        self.lines.append(text)


def start(folder: Path, progress: Kept) -> Run:
    return Run(Journal.begin(folder, ABOUT), QUICK, progress)


def observe(run: Run) -> None:
    run.journal.record(FOUND)


def fail(_run: Run) -> None:
    raise NotMeasured("The step is not ready.")


def interrupt(run: Run) -> None:
    run.journal.record(FOUND)
    raise KeyboardInterrupt


def blocks(*works: Callable[[Run], None]) -> list[Block]:
    return [Block(f"block {number}", 10.0, work) for number, work in enumerate(works, start=1)]


def test_blocks_are_done_in_their_order(tmp_path: Path) -> None:
    progress = Kept()
    run = start(tmp_path, progress)
    assert run.work(blocks(observe, observe)) == []
    assert progress.lines == ["block 1", "block 2"]
    assert run.journal.done == {"block 1", "block 2"}
    assert progress.left[0] == 20.0
    assert progress.left[1] < 10.0


def test_block_that_fails_is_reported_and_the_others_go_on(tmp_path: Path) -> None:
    progress = Kept()
    run = start(tmp_path, progress)
    assert run.work(blocks(fail, observe)) == ["block 1"]
    assert "block 1 was not measured. The step is not ready." in progress.lines
    assert Skipped("block 1", None, "The step is not ready.") in run.journal.observations
    assert FOUND in run.journal.observations


def test_interrupted_run_continues_with_the_block_it_was_in(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        start(tmp_path, Kept()).work(blocks(observe, interrupt, observe))
    journal = Journal.read(tmp_path)
    journal.forget_incomplete()
    progress = Kept()
    Run(journal, QUICK, progress).work(blocks(observe, observe, observe))
    assert progress.lines == ["block 2", "block 3"]
    assert [type(each) for each in journal.observations[1:]] == [type(FOUND), Done] * 3


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, None),
        ({"date": "2027-01-01T00:00:00+00:00", "seed": 8}, None),
        ({"commit": "9999999999"}, "had another commit"),
        ({"shares": [0.0]}, "had another shares"),
        ({"machine": {"cores": 4}}, "on another machine"),
    ],
)
def test_only_the_same_run_is_continued(
    tmp_path: Path, change: dict[str, object], reason: str | None
) -> None:
    journal = Journal.begin(tmp_path, ABOUT)
    found = require_same(journal, replace(ABOUT, **change))
    assert found is None if reason is None else reason in (found or "")
