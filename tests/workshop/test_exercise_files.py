"""The diffs of exercises fit the step's present files, and each solution differs from its start."""

from pathlib import Path

import click
import pytest

from workshop.learn.material.diffs import apply
from workshop.learn.material.exercises import Exercise, all_exercises, find
from workshop.learn.material.workspace import solution_diff, workspace_of

CASES = [pytest.param(each, id=each.name) for each in all_exercises()]


@pytest.mark.parametrize("exercise", CASES)
def test_start_and_solution_are_made_of_the_step_as_it_is(exercise: Exercise, tmp_path: Path) -> None:
    workspace = workspace_of(exercise, tmp_path)
    workspace.create()
    before = contents(workspace.step_folder)
    workspace.apply_solution()
    after = contents(workspace.step_folder)
    changed = {path for path in after if before.get(path) != after[path]}
    assert changed
    assert changed <= {*exercise.edit} | {path for path in after if path not in before}
    shown = [line.removeprefix("+++ ") for line in solution_diff(exercise) if line.startswith("+++ ")]
    # An empty file has no lines to show.
    assert set(shown) == {f"{exercise.step_folder}/{path}" for path in changed if after[path]}


def test_solution_that_is_the_step_itself_is_the_original(tmp_path: Path) -> None:
    exercise = find(2, 3)
    workspace = workspace_of(exercise, tmp_path)
    workspace.create()
    workspace.apply_solution()
    original, copy = exercise.original, workspace.step_folder
    assert [
        name for name in contents(copy) if (copy / name).read_bytes() != (original / name).read_bytes()
    ] == []


def contents(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "text").mkdir()
    (tmp_path / "text/poem").write_text("one\ntwo\nthree\nfour\nfive\nsix\n")
    return tmp_path / "text"


def diff(folder: Path, body: str) -> Path:
    path = folder.parent / "some.diff"
    path.write_text(f"--- a/poem\n+++ b/poem\n{body}")
    return path


def test_diff_is_applied_wherever_its_lines_are(text: Path) -> None:
    change = diff(text, "@@ -2,2 +2,3 @@\n two\n-three\n+THREE\n+3\n@@ -5 +6 @@\n-five\n")
    apply(change, text)
    assert (text / "poem").read_text() == "one\ntwo\nTHREE\n3\nfour\nsix\n"
    (text / "poem").write_text("zero\n\none\ntwo\nthree\nfour\nfive\n")
    apply(change, text)
    assert (text / "poem").read_text() == "zero\n\none\ntwo\nTHREE\n3\nfour\n"


@pytest.mark.parametrize("body", ["@@ -2 +2 @@\n-seven\n+7\n", "@@ -1,2 +1 @@\n one\n-three\n"])
def test_diff_that_does_not_fit_is_refused(text: Path, body: str) -> None:
    before = (text / "poem").read_text()
    with pytest.raises(click.ClickException, match="does not fit poem, which has these lines 0 times"):
        apply(diff(text, body), text)
    assert (text / "poem").read_text() == before


def test_diff_that_fits_two_places_is_refused(text: Path) -> None:
    (text / "poem").write_text("one\ntwo\none\n")
    with pytest.raises(click.ClickException, match="these lines 2 times"):
        apply(diff(text, "@@ -1 +1 @@\n-one\n+1\n"), text)
