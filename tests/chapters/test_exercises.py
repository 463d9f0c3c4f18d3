"""Each exercise: the check refuses the start, for the reason that the exercise is about, and accepts the
solution.
"""

from pathlib import Path

import pytest

from workshop.learn.material.exercises import Exercise, all_exercises
from workshop.learn.material.workspace import workspace_of
from workshop.learn.session.checking import results
from workshop.learn.session.screen import is_passed

pytestmark = pytest.mark.chapter

CASES = [pytest.param(each, id=each.name, marks=pytest.mark.only_step(each.step)) for each in all_exercises()]


@pytest.mark.parametrize("exercise", CASES)
def test_start_lacks_what_the_exercise_is_about(exercise: Exercise, tmp_path: Path) -> None:
    workspace = workspace_of(exercise, tmp_path)
    workspace.create()
    last = [*results(workspace)][-1]
    assert last.missing is not None
    assert last.missing.startswith(exercise.lacks)


@pytest.mark.parametrize("exercise", CASES)
def test_solution_passes(exercise: Exercise, tmp_path: Path) -> None:
    workspace = workspace_of(exercise, tmp_path)
    workspace.create()
    workspace.apply_solution()
    found = [*results(workspace)]
    assert is_passed(found), found
