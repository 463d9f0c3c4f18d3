"""The Makefile's targets, as a user calls them, at a small size."""

import json
import re
import shutil
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.make import VENV, copy_of_the_checkout, make, making, own_ports
from tests.support.submission import Submission
from workshop.processes.exits import await_exit, is_running

END_SECONDS = 30.0
POSTS = 2000
"""How many posts the first run loads."""


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    """A state folder and ports of the test's own."""
    return {**own_ports(), "WORKSHOP_STATE": str(tmp_path / "state")}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout that tests may change."""
    if not shutil.which("git"):
        pytest.skip("git is not installed, so nobody knows what belongs to the checkout")
    folder = tmp_path / "checkout"
    folder.mkdir()
    return copy_of_the_checkout(folder)


def test_make_alone_prints_the_help() -> None:
    found = make("help")
    assert make() == found
    assert all(re.match(r"  make [a-z-]+ +\S", line) for line in found.splitlines())


def test_step_is_run_loaded_and_stopped(own: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "my posts.json"
    file.write_text("".join(Submission(f"Stone {n}", "Python", 1_400_000_000 + n).line() for n in range(3)))
    with making("run", "STEP=0", until="ready: ", env=own) as step:
        url = f"http://127.0.0.1:{own['STEP0_PORT']}"
        assert url in step.output
        assert make("load", f"FILE={file}", env=own).startswith("my posts.json: 3 new, ")
        assert make("load", f"GENERATE={POSTS + 50}", env=own).startswith("2,050 generated posts: 50 new, ")
        assert "Reddit's API needs credentials" in make("load", "SUBREDDIT=python", env=own, code=2)
        found = requests.get(url, headers={"Accept": "application/json"}, timeout=30).json()
        assert found["_meta"]["total"] == POSTS + 50 + 3
        processes = step.processes()
        step.ctrl_c()
        assert "Stopped. The data stays" in step.output
        assert "Traceback" not in step.output
        assert await_exit(processes, END_SECONDS) == []


def test_make_test_runs_tests_and_passes_args_to_pytest(own: dict[str, str]) -> None:
    found = make("test", "ARGS=-n 0 -q tests/step0/test_layout.py -k icon", env=own)
    assert re.search(r"^1 passed", found, re.MULTILINE)


@pytest.mark.drill
def test_make_drills_selects_drills_by_step_and_size(own: dict[str, str]) -> None:
    listed = "ARGS=--collect-only -q tests/drills tests/step3/test_layout.py"
    full, quick = (make("drills", "STEP=3", *more, listed, env=own) for more in ([], ["QUICK=1"]))
    for drills in (full, quick):
        assert "tests/drills/test_step3_killed.py::" in drills
        assert "[step2]" not in drills
        assert "tests/step3/test_layout.py" not in drills
    assert full.count("::") > quick.count("::")
    others = make("test", "STEP=3", listed, env=own)
    assert "tests/step3/test_layout.py::" in others
    assert "tests/drills" not in others


def test_make_test_chapters_collects_the_blocks_of_a_step(own: dict[str, str]) -> None:
    found = make("test-chapters", "STEP=2", "FIX=1", "ARGS=-n 0 --collect-only -q", env=own)
    assert "test_block[step2_services/search/README.md:" in found
    assert "test_block[README.md:" not in found
    assert make("-n", "test-chapters", "FIX=1").count("--fix") == 1
    assert "--fix" not in make("-n", "test-chapters")


@pytest.mark.drill
def test_make_compare_reports_and_renders(tmp_path: Path) -> None:
    found = make("compare", "QUICK=1", f"ARGS=--only size --folder {tmp_path}")
    assert f"The report: {tmp_path / 'index.html'}" in found
    page = (tmp_path / "index.html").read_bytes()
    (tmp_path / "index.html").unlink()
    make("compare", "RENDER=1", f"ARGS=--folder {tmp_path}")
    assert (tmp_path / "index.html").read_bytes() == page


def test_make_doctor_checks_this_machine(own: dict[str, str]) -> None:
    found = make("doctor", env=own)
    assert "Ready: everything needed is here." in found


def test_make_mongod_runs_until_ctrl_c(own: dict[str, str]) -> None:
    with making("mongod", until="ready: mongodb://", env=own) as kept:
        assert f"ready: mongodb://127.0.0.1:{own['MONGO_PORT']}" in kept.output
        processes = kept.processes()
        kept.ctrl_c()
        assert await_exit(processes, END_SECONDS) == []
        assert "Traceback" not in kept.output


def test_clean_stops_what_a_killed_command_left_and_keeps_the_checkout(
    own: dict[str, str], checkout: Path
) -> None:
    before = {path for path in checkout.rglob("*") if VENV not in path.parts}
    env = {**own, "WORKSHOP_STATE": ""}
    with making("mongod", until="ready: mongodb://", folder=checkout, env=env) as killed:
        killed.kill()
        (left,) = checkout.glob(".state/mongod.pid.json")
        server = psutil.Process(json.loads(left.read_text())["pid"])
    assert is_running(server)
    for name in (".pytest_cache", ".mypy_cache", ".ruff_cache", "artefacts", "mutants"):
        (checkout / name).mkdir()
    assert make("clean", folder=checkout, env=env) == "Stopped mongod.\n"
    assert not server.is_running()
    files_left = {path for path in checkout.rglob("*") if "__pycache__" not in path.parts}
    assert files_left == before
    assert make("clean", folder=checkout, env=env) == ""


def test_clean_keeps_the_learners_copies_and_removes_their_data(checkout: Path, own: dict[str, str]) -> None:
    copy = checkout / "work/0.1/step0_monolith/wsgi.py"
    state = checkout / "work/0.1/.state"
    for each in (copy.parent, state):
        each.mkdir(parents=True)
    copy.write_text("mine")
    env = {**own, "WORKSHOP_STATE": ""}
    try:
        with making(
            "mongod", until="ready: mongodb://", folder=checkout, env={**env, "WORKSHOP_STATE": str(state)}
        ) as killed:
            killed.kill()
            server = psutil.Process(json.loads((state / "mongod.pid.json").read_text())["pid"])
        said = make("clean", folder=checkout, env=env)
        assert said.startswith("Stopped mongod.\nYour copies of the exercises")
        assert not is_running(server)
        assert copy.read_text() == "mine"
        assert not state.exists()
    finally:
        shutil.rmtree(checkout / "work")


def test_format_mends_what_lint_finds(checkout: Path) -> None:
    file = checkout / "kit" / "http" / "gaps.py"
    before = file.read_text()
    file.write_text(before.replace("import ", "import   ") + "\n\n\nX = {'a':1}\n")
    make("format", folder=checkout)
    assert file.read_text() == before + '\n\nX = {"a": 1}\n'
