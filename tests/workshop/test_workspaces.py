"""The learner's copies of the steps: what is kept, and when they have changed."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from workshop import state
from workshop.learn.material.exercises import find
from workshop.learn.material.workspace import Workspace, workspace_of
from workshop.run.lock import run_lock
from workshop.steps import read_step


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = workspace_of(find(0, 1), tmp_path)
    made.create()
    return made


def test_each_reset_keeps_what_was_there(workspace: Workspace) -> None:
    kept = []
    for text in ("first", "second", "third"):
        (workspace.step_folder / "wsgi.py").write_text(text)
        kept.append(workspace.reset())
    assert [(each / "wsgi.py").read_text() for each in kept if each] == ["first", "second", "third"]
    assert (workspace.step_folder / "wsgi.py").read_text() not in ("first", "second", "third")


def test_copy_that_runs_is_not_reset(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_STATE", str(workspace.state))
    with run_lock(read_step(0)):
        assert workspace.is_running
        with pytest.raises(click.ClickException, match=r"Step 0 runs in work/0.1"):
            workspace.reset()
    assert state.folder().is_dir()
    assert not workspace.is_running
    workspace.reset()


def test_version_changes_with_files_but_not_with_those_of_editors(workspace: Workspace) -> None:
    before = workspace.version()
    for name in (".wsgi.py.swp", "wsgi.py~", "__pycache__/wsgi.pyc"):
        path = workspace.step_folder / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert workspace.version() == before
    (workspace.step_folder / "new.py").touch()
    assert workspace.version() != before


def test_file_that_is_gone_when_it_is_looked_at_is_none(workspace: Workspace) -> None:
    (workspace.step_folder / "gone.py").symlink_to("nowhere.py")
    assert not any(path.endswith("gone.py") for path in workspace.version())


def test_commands_of_exercises_are_refused_inside_a_copy(workspace: Workspace) -> None:
    for words in (["learn", "--list"], ["reset", "--step", "1", "--exercise", "1"]):
        done = subprocess.run(
            [sys.executable, "-m", "workshop", *words],
            cwd=workspace.folder,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert f"Give this command in {state.ROOT}." in done.stderr
