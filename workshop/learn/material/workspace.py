"""The learner's copies: `work/<step>.<number>`, which git ignores.

A workspace is a checkout of its own: it has links to everything that the exercise does not change, and a copy
of the step's folder with the exercise's start laid over it. Whatever is run there, such as `./stones run`,
runs the copy, with a state folder, and so with data, of its own.
"""

import difflib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from filecmp import cmp
from itertools import count
from pathlib import Path

import click

from workshop.learn.material.diffs import apply
from workshop.learn.material.exercises import FOLDER, Exercise
from workshop.run.lock import is_running_in
from workshop.state import ROOT

WORK = ROOT / "work"
LINKED = (
    *(".venv", "Makefile", "docker", "docs", "kit", "kubernetes", "pyproject.toml", "requirements", "stones"),
    *("tests", "workshop"),
)
NOT_COPIED = shutil.ignore_patterns(FOLDER, "__pycache__")
BEFORE_RESET = ".before-reset"


@dataclass(frozen=True)
class Workspace:
    """The copy for an exercise. It may not exist yet."""

    exercise: Exercise
    folder: Path

    @property
    def step_folder(self) -> Path:
        """The copy of the step's folder."""
        return self.folder / self.exercise.step_folder

    @property
    def state(self) -> Path:
        """The state folder of what runs in it."""
        return self.folder / ".state"

    @property
    def exists(self) -> bool:
        """Whether the copy was made."""
        return self.step_folder.is_dir()

    @property
    def is_running(self) -> bool:
        """Whether the copy of the step runs, whoever has started it."""
        return is_running_in(self.state, self.exercise.step)

    def create(self) -> None:
        """Make the copy, complete or not at all, unless it exists."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (*LINKED, *(path.name for path in ROOT.glob("step[0-9]_*"))):
            link = self.folder / name
            if name != self.exercise.step_folder and not link.is_symlink():
                link.symlink_to(os.path.relpath(ROOT / name, self.folder), (ROOT / name).is_dir())
        if not self.exists:
            draft = self.folder / "draft"
            shutil.rmtree(draft, ignore_errors=True)
            _copy_step(self.exercise, draft)
            draft.rename(self.step_folder)

    def reset(self) -> Path | None:
        """Make the copy anew. Keep the learner's version beside it, and all that were kept before; return
        where it is, None if there was none. Remove the data. Raises click.ClickException while the copy runs.
        """
        if self.is_running:
            raise click.ClickException(
                f"Step {self.exercise.step} runs in work/{self.exercise.name}, with its data. Stop it first: "
                "`q` in `make learn`, or Ctrl-C in its terminal."
            )
        kept = None
        if self.exists:
            kept = self._kept()
            self.step_folder.rename(kept)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.create()
        return kept

    def _kept(self) -> Path:
        """Return a path that is free, for the version to keep."""
        first = self.folder.with_name(self.folder.name + BEFORE_RESET)
        later = (first.with_name(f"{first.name}-{number}") for number in count(2))
        return first if not first.exists() else next(each for each in later if not each.exists())

    def apply_solution(self) -> None:
        """Make the copy, which is as at the start, as the solution has it."""
        _solve(self.exercise, self.step_folder)

    def version(self) -> dict[str, int]:
        """Return when each file of the copy was changed, by path, to see whether anything changed since.
        Hidden files and those that end with ~ do not count: editors keep them beside what is edited.
        """
        found = {}
        for folder, folders, files in os.walk(self.step_folder):
            folders[:] = [each for each in folders if each != "__pycache__" and not each.startswith(".")]
            for path in (Path(folder, each) for each in files if not _is_of_an_editor(each)):
                with suppress(FileNotFoundError):  # it was removed, or replaced, just now
                    found[str(path)] = path.stat().st_mtime_ns
        return found

    def rollout(self) -> int:
        """Return when `./stones versions` or `scale` last changed which instances there should be; 0 without
        services.
        """
        path = self.state / f"wanted{self.exercise.step}.json"
        return path.stat().st_mtime_ns if path.exists() else 0


def workspace_of(exercise: Exercise, work: Path = WORK) -> Workspace:
    """Return the workspace of an exercise in the folder `work`."""
    return Workspace(exercise, work / exercise.name)


def solution_diff(exercise: Exercise) -> Iterator[str]:
    """Yield the lines of the difference between the start and the solution."""
    with tempfile.TemporaryDirectory() as folder:
        start, solved = Path(folder, "start"), Path(folder, "solved")
        for each in (start, solved):
            _copy_step(exercise, each)
        _solve(exercise, solved)
        for path in sorted(each for each in solved.rglob("*") if each.is_file()):
            name = path.relative_to(solved)
            if (start / name).is_file() and cmp(start / name, path, shallow=False):
                continue
            old = (start / name).read_text("utf-8").splitlines() if (start / name).is_file() else None
            shown = f"{exercise.step_folder}/{name}"
            new = path.read_text("utf-8").splitlines()
            yield from difflib.unified_diff(
                old or [], new, "(new)" if old is None else shown, shown, lineterm=""
            )


def _is_of_an_editor(name: str) -> bool:
    return name.startswith(".") or name.endswith("~")


def _copy_step(exercise: Exercise, target: Path) -> None:
    """Copy the step's folder as the exercise's start has it."""
    shutil.copytree(exercise.original, target, ignore=NOT_COPIED)
    for name in exercise.removes:
        path = target / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    _lay_over(exercise, "start", target)


def _solve(exercise: Exercise, target: Path) -> None:
    """Change a copy that is as at the start into a solved one."""
    if not _lay_over(exercise, "solution", target):
        for name in exercise.edit:
            (target / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(exercise.original / name, target / name)


def _lay_over(exercise: Exercise, part: str, target: Path) -> bool:
    """Lay the exercise's files of a part over a copy. Return whether there are any."""
    files, diff = exercise.folder / part, exercise.folder / f"{part}.diff"
    if files.is_dir():
        # With the time of the copy, not of the file: whoever watches sees that it changed.
        shutil.copytree(files, target, dirs_exist_ok=True, copy_function=shutil.copyfile)
    if diff.is_file():
        apply(diff, target)
    return files.is_dir() or diff.is_file()
