"""`workshop compare`: what it prints, how it ends, and that an interrupted run continues."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.eventually import eventually, holds
from tests.workshop.compare.test_journal import ABOUT, FOUND
from workshop.compare.journal import FILE, Journal
from workshop.compare.observations import About, Done, Rollout, Size
from workshop.state import ROOT

SECONDS = 300.0


def compare(*options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "workshop", "compare", *options],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "WORKSHOP_STATE"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def printed(*options: str, code: int = 0) -> str:
    """Run the command to its end, and return what it printed."""
    process = compare(*options)
    output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == code, errors
    assert "Traceback" not in errors
    return output + errors


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--only", "beauty"), 2, "'beauty' is not one of 'instrument', 'capacity', 'waiting'"),
        (("--step", "7"), 1, "There is no step 7. There is: 0, 1, 2, 3."),
        (("--render",), 1, "Make one: make compare"),
        (("--render", "--quick"), 1, "Make one: make compare QUICK=1"),
    ],
)
def test_bad_input_gives_a_clear_line(
    tmp_path: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    assert message in printed("--folder", str(tmp_path), *options, code=code)
    assert list(tmp_path.iterdir()) == []


def test_journal_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("no journal\n")
    assert "line 1: this is no observation" in printed("--folder", str(tmp_path), "--render", code=1)


def test_experiment_is_run_and_reported(tmp_path: Path) -> None:
    output = printed("--folder", str(tmp_path), "--quick", "--only", "size")
    assert "Only the full run" in output
    assert f"The report: {tmp_path / 'index.html'}" in output
    sizes = [each for each in Journal.read(tmp_path).observations if isinstance(each, Size)]
    assert [each.arm for each in sizes] == ["0", "1", "2", "3"]
    assert all(0 < each.own_lines <= each.lines for each in sizes)


def test_report_is_rendered_again_from_the_journal(tmp_path: Path) -> None:
    Journal.begin(tmp_path, ABOUT).record(FOUND)
    printed("--folder", str(tmp_path), "--render")
    first = (tmp_path / "index.html").read_bytes()
    (tmp_path / "index.html").unlink()
    printed("--folder", str(tmp_path), "--render")
    assert (tmp_path / "index.html").read_bytes() == first
    assert b"95" in first


def test_new_run_can_be_begun_and_the_earlier_one_is_kept(tmp_path: Path) -> None:
    options = ("--folder", str(tmp_path), "--quick", "--only", "size")
    Journal.begin(tmp_path, ABOUT).record(FOUND)
    printed(*options, "--again", "--on-disk")
    begun = Journal.read(tmp_path)
    assert FOUND not in begun.observations
    assert begun.about is not None
    assert begun.about.stores == "disk"
    assert begun.about.sync_ms
    assert len([*tmp_path.glob("observations-*.jsonl")]) == 1


@pytest.mark.parametrize(
    ("about", "message"),
    [
        (replace(ABOUT, quick=True), "Only a full run can be published"),
        (ABOUT, "blocks of the run are not done, instrument for one"),
    ],
)
def test_only_a_complete_full_run_is_published(tmp_path: Path, about: About, message: str) -> None:
    Journal.begin(tmp_path, about).record(FOUND)
    assert message in printed("--folder", str(tmp_path), "--render", "--publish", code=1)


@pytest.mark.bench
def test_interrupted_run_continues_and_is_complete(tmp_path: Path) -> None:
    options = ("--folder", str(tmp_path), "--quick", "--step", "0", "--step", "1", "--only", "rollout")

    def is_in_the_second() -> bool:
        return len(Journal.read(tmp_path).done) == 1

    process = compare(*options)
    eventually(holds(is_in_the_second), SECONDS)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + signal.SIGINT, errors
    assert "Stopped; nothing is left running. The same command continues." in errors
    assert "The report:" in output
    begun = Journal.read(tmp_path).about

    again = printed(*options)
    assert "1 of 2 blocks are done" in again
    assert "2/2 rollout, 1" in again
    journal = Journal.read(tmp_path)
    assert journal.about == begun
    assert [type(each) for each in journal.observations].count(Done) == 2
    assert {each.arm for each in journal.observations if isinstance(each, Rollout)} == {"0", "1"}
