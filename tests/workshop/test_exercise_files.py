"""The files of exercises that replace one of the step's are changed when that one is."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from workshop.learn.exercises import Exercise, all_exercises

DIGITS = 12
HOW = (
    "This file of the step is not the one that the exercise's was copied from. Make the same change in the "
    "exercise's files of that name, and then write into exercise.toml under [copied_from]:"
)


def replaced(exercise: Exercise) -> list[Path]:
    """Return the step's files of which the exercise has versions of its own."""
    step = exercise.folder.parents[1]
    own = {
        path.relative_to(exercise.folder / part)
        for part in ("start", "solution")
        for path in (exercise.folder / part).rglob("*")
        if path.is_file() and not path.is_symlink()
    }
    return sorted(step / name for name in own if (step / name).is_file())


CASES = [
    pytest.param(exercise, path, id=f"{exercise.name}-{path.name}")
    for exercise in all_exercises()
    for path in replaced(exercise)
]


@pytest.mark.parametrize(("exercise", "path"), CASES)
def test_exercise_was_copied_from_the_present_file(exercise: Exercise, path: Path) -> None:
    name = str(path.relative_to(exercise.folder.parents[1]))
    known = tomllib.loads((exercise.folder / "exercise.toml").read_text("utf-8")).get("copied_from", {})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]
    assert known.get(name) == digest, f'{HOW}\n"{name}" = "{digest}"'


def test_exercises_replace_files() -> None:
    assert len(CASES) > 5
