"""The exercises of the steps: folders `step<n>_…/exercises/<k>_<name>`.

Each has `exercise.toml`, the task in `README.md`, hints in `hints.md`, and the rules to check in `check.py`.
Its start is the step with the files of `start/` added and `start.diff` applied, and its solution is the start
with `solution/` and `solution.diff`. Without these two, the solution is the step's own version of the files
that the learner edits.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import click

from workshop.state import ROOT

FOLDER = "exercises"


@dataclass(frozen=True)
class Exercise:
    """An exercise. `edit` are the files that the learner changes or adds, and `removes` those that the start
    lacks, both relative to the step's folder. `lacks` is how the check's message about the start begins.
    """

    step: int
    number: int
    folder: Path
    title: str
    minutes: int
    edit: tuple[str, ...]
    removes: tuple[str, ...]
    lacks: str

    @property
    def name(self) -> str:
        """Step and number, as in `2.1`."""
        return f"{self.step}.{self.number}"

    @property
    def original(self) -> Path:
        """The step's folder."""
        return self.folder.parents[1]

    @property
    def step_folder(self) -> str:
        """The name of the step's folder."""
        return self.original.name

    @property
    def check_command(self) -> str:
        """The command that checks it once."""
        return f"make check STEP={self.step} EX={self.number}"

    def task(self) -> str:
        """Return the text of the task, as Markdown."""
        return (self.folder / "README.md").read_text("utf-8").strip()

    def hints(self) -> list[str]:
        """Return the hints, each of which says more than the one before."""
        _, *hints = re.split(r"^## .*$", (self.folder / "hints.md").read_text("utf-8"), flags=re.MULTILINE)
        return [hint.strip("\n") for hint in hints]


@cache
def all_exercises() -> tuple[Exercise, ...]:
    """Return all exercises, in the order in which they are done. Raises click.ClickException in a workspace,
    which has no exercises.
    """
    if (ROOT / "workshop").is_symlink():
        checkout = (ROOT / "workshop").resolve().parent
        raise click.ClickException(f"This is a copy for an exercise. Give this command in {checkout}.")
    paths = ROOT.glob(f"step[0-9]_*/{FOLDER}/*/exercise.toml")
    return tuple(sorted(map(_read, paths), key=lambda each: (each.step, each.number)))


def find(step: int, number: int | None) -> Exercise:
    """Return one exercise. Raises click.ClickException when there is none."""
    for each in all_exercises():
        if (each.step, each.number) == (step, number):
            return each
    known = ", ".join(str(each.number) for each in all_exercises() if each.step == step)
    what = "Say which exercise, as in EX=1." if number is None else f"Step {step} has no exercise {number}."
    raise click.ClickException(f"{what} {'It' if number else f'Step {step}'} has: {known or 'none'}.")


def _read(path: Path) -> Exercise:
    content = tomllib.loads(path.read_text("utf-8"))
    return Exercise(
        step=int(path.parents[2].name[4]),
        number=int(path.parent.name.partition("_")[0]),
        folder=path.parent,
        title=content["title"],
        minutes=content["minutes"],
        edit=tuple(content["edit"]),
        removes=tuple(content.get("removes", ())),
        lacks=content["lacks"],
    )
