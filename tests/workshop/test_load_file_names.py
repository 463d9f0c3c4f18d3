"""Which file FILE=… names, after make and the shell have read it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.make import command, environment
from workshop.load.command import CALLED_FROM, existing_path

NAMES = ["two  words, $HOME, $$, $(shell false), `id`, é, ', \", ~ and #.json", "-n.json"]


@pytest.mark.parametrize("name", NAMES)
def test_names_reach_the_command_as_they_were_typed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("no posts")
    done = subprocess.run(
        command("load", f"FILE={name}"),
        cwd=tmp_path,
        env=environment(PWD=str(tmp_path), MONGODB_URI="mongodb://127.0.0.1:1/x?replicaSet=x"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert f"{tmp_path / name} is in none of the accepted formats" in done.stderr


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    for folder in (home, elsewhere):
        folder.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv(CALLED_FROM, str(elsewhere))
    (home / "posts.json").touch()
    return elsewhere


@pytest.mark.parametrize(
    "text", ["~/posts.json", "$HOME/posts.json", "${HOME}/posts.json", "$$HOME/posts.json"]
)
@pytest.mark.usefixtures("elsewhere")
def test_tilde_and_variables_that_the_shell_left_are_expanded(text: str) -> None:
    assert existing_path(text) == Path(os.environ["HOME"], "posts.json")


def test_file_with_exactly_this_name_comes_first(elsewhere: Path) -> None:
    (elsewhere / "~").mkdir()
    shutil.copy(Path(os.environ["HOME"], "posts.json"), elsewhere / "~")
    assert existing_path("~/posts.json") == elsewhere / "~/posts.json"


def test_folder_where_make_was_called_comes_first(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "home")
    assert existing_path("posts.json") == Path("posts.json")
    (elsewhere / "posts.json").touch()
    assert existing_path("posts.json") == elsewhere / "posts.json"


@pytest.mark.usefixtures("elsewhere")
def test_missing_file_keeps_its_name() -> None:
    assert existing_path("~/none $x.json") == Path("~/none $x.json")
