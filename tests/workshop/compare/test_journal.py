"""The journal of a comparison keeps what was observed, whatever ends the run."""

import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest

from workshop.compare.journal import FILE, Journal
from workshop.compare.observations import About, Capacity, Done, Observation, Skipped
from workshop.state import ROOT

ABOUT = About(
    date="2026-01-31T12:00:00+00:00",
    commit="0123456789",
    quick=False,
    machine={"cores": 2},
    system_cores=1.0,
    limit="affinity",
    posts=2000,
    readers=20,
    mix={"search": 1.0},
    shares=[0.2],
    rounds=3,
    seed=7,
)
FOUND = Capacity(round=1, arm="0", signed=0.2, per_second=95.0, kept=90.0, missed=100.0)


def test_observations_are_read_as_they_were_recorded(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, ABOUT)
    journal.record(FOUND)
    journal.record(Done("round 1, 0", 12.5))
    again = Journal.read(tmp_path)
    assert again.observations == [ABOUT, FOUND, Done("round 1, 0", 12.5)]
    assert (again.about, again.done) == (ABOUT, {"round 1, 0"})


def test_incomplete_block_is_forgotten_on_disk_too(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, ABOUT)
    journal.record(FOUND)
    journal.record(Done("first", 1.0))
    journal.record(FOUND)
    journal.record(Skipped("lag", "0", "a reason"))
    again = Journal.read(tmp_path)
    again.forget_incomplete()
    assert again.observations == Journal.read(tmp_path).observations == [ABOUT, FOUND, Done("first", 1.0)]


def test_run_without_a_complete_block_keeps_its_first_line(tmp_path: Path) -> None:
    Journal.begin(tmp_path, ABOUT).record(FOUND)
    journal = Journal.read(tmp_path)
    journal.forget_incomplete()
    assert Journal.read(tmp_path).observations == [ABOUT]


def test_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, ABOUT)
    journal.record(Done("first", 1.0))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"kind":"capac')
    again = Journal.read(tmp_path)
    assert again.observations == [ABOUT, Done("first", 1.0)]
    again.forget_incomplete()
    again.record(FOUND)
    assert Journal.read(tmp_path).observations == [ABOUT, Done("first", 1.0), FOUND]


@pytest.mark.parametrize("line", ["{}", "[]", "7", "no JSON", '{"kind":"unknown"}', '{"kind":"capacity"}'])
def test_line_that_is_no_observation_is_named(tmp_path: Path, line: str) -> None:
    Journal.begin(tmp_path, ABOUT)
    with (tmp_path / FILE).open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(click.ClickException, match=r"observations\.jsonl, line 2: this is no observation"):
        Journal.read(tmp_path)


def test_fields_of_a_later_version_are_ignored() -> None:
    line = {**FOUND.as_json(), "new_field": 1}
    assert Observation.from_json(json.loads(json.dumps(line))) == FOUND


def test_new_run_keeps_the_earlier_one_under_its_date(tmp_path: Path) -> None:
    Journal.begin(tmp_path, ABOUT).record(FOUND)
    Journal.begin(tmp_path, ABOUT)
    assert Journal.read(tmp_path).observations == [ABOUT]
    kept = tmp_path / "observations-20260131T120000+0000.jsonl"
    assert len(kept.read_text().splitlines()) == 2


FULL_DISK = """
import sys
from pathlib import Path
from tests.workshop.compare.test_journal import ABOUT, FOUND
from workshop.compare.journal import Journal
journal = Journal.begin(Path(sys.argv[1]), ABOUT)
while True:
    journal.record(FOUND)
"""


def test_full_disk_gives_a_clear_line_and_keeps_the_results(tmp_path: Path) -> None:
    """The limit of a file's size stands for the end of the disk: writing fails in the middle of a line."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    done = subprocess.run(
        [sys.executable, "-B", "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=limit,
        check=False,
    )
    assert done.returncode == 1
    assert "cannot be written: File too large. What was observed is kept" in done.stderr
    journal = Journal.read(tmp_path)
    assert journal.observations[0] == ABOUT
    assert {*journal.observations[1:]} == {FOUND}
