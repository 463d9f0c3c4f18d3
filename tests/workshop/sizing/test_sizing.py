"""What a number of readers needs follows from the comparison's figures."""

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.support.workshop_command import call
from workshop.sizing.arithmetic import Demand, size_of
from workshop.sizing.command import DOCUMENT, DOCUMENTED, FIGURES, sizing
from workshop.sizing.text import BEGIN, END, inserted, text

FIGURES_OF_A_RUN: dict[str, Any] = {
    "about": {
        "date": "2026-01-01T00:00:00+00:00",
        "commit": "abc",
        "machine": {"processor": "x"},
        "slo_ms": 100.0,
        "system_cores": 1.0,
        "mix": {"search": 90.0, "tag": 6.0, "like": 4.0},
    },
    "capacity": {"20": {"3": {"value": {"middle": 100.0}}}},
    "cpu_by_program": {
        "20": {"3": {"search": 4000.0, "mongod": 900.0, "capture": 100.0, "supervisor": 50.0}}
    },
    "memory_by_program": {"3": {"search": 5e7, "mongod": 2e8, "capture": 6e7}},
    "storage": [
        {"arm": "3", "post_bytes": {"mongod": 1000.0, "nats-server": 500.0}, "mark_bytes": {"mongod": 300.0}}
    ],
}
DEMAND = Demand(readers=864_000, requests=10, signed_in=20, peak=2, posts=1000, marks=10)


def test_sizes_are_those_of_a_calculation_by_hand() -> None:
    size = size_of("3", FIGURES_OF_A_RUN, DEMAND)
    assert size is not None
    assert DEMAND.rate == pytest.approx(200)
    assert size.utilisation == pytest.approx(100 * 5000e-6)
    assert size.writes == pytest.approx(20)
    found = {each.program: each for each in size.needs}
    assert found.keys() == {"search", "mongod", "capture"}
    assert found["search"].cores == pytest.approx(200 * 4000e-6 / 0.5)
    assert (found["search"].processes, found["search"].memory) == (2, 1e8)
    assert found["mongod"].cores == pytest.approx(200 * 900e-6 / 0.5)
    assert (found["mongod"].processes, found["mongod"].memory) == (3, 6e8)
    assert found["capture"].processes == 2
    assert size.disk == {"mongod": 1_003_000.0, "nats-server": 500_000.0}


def test_more_readers_need_more_processes_but_not_of_what_is_limited() -> None:
    more = Demand(**{**vars(DEMAND), "readers": 10 * DEMAND.readers})
    size = size_of("3", FIGURES_OF_A_RUN, more)
    assert size is not None
    found = {each.program: each.processes for each in size.needs}
    assert found == {"search": 16, "mongod": 3, "capture": 2}
    assert "mongod: 3.6 cores, one primary takes all writes" in text(FIGURES_OF_A_RUN, [more])


def test_what_was_not_measured_is_said_to_be() -> None:
    assert size_of("2", FIGURES_OF_A_RUN, DEMAND) is None
    assert "| step 2 | not measured |" in text(FIGURES_OF_A_RUN, [DEMAND])
    without = copy.deepcopy(FIGURES_OF_A_RUN)
    del without["storage"]
    assert "| not measured | mongod" in text(without, [DEMAND])


def test_the_document_has_the_published_figures() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    written = inserted(document, text(json.loads(FIGURES.read_text(encoding="utf-8")), DOCUMENTED))
    assert document == written, "Run: ./stones sizing --write"


def test_a_document_without_a_place_is_refused() -> None:
    assert inserted(f"a\n{BEGIN}\nold\n{END}\nb", "new") == f"a\n{BEGIN}\n\nnew\n\n{END}\nb"
    with pytest.raises(ValueError, match="no place"):
        inserted("a", "new")


def test_the_command_answers_for_other_readers_and_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    file.write_text(json.dumps(FIGURES_OF_A_RUN))
    options = [
        "--readers",
        "864000",
        "--requests",
        "10",
        "--signed-in",
        "20",
        "--peak",
        "2",
        "--posts",
        "1000",
    ]
    printed = call(["sizing", *options, "--marks", "10", "--figures", str(file)], os.environ)
    assert "200 requests a second" in printed
    refused = CliRunner().invoke(sizing, ["--signed-in", "50", "--figures", str(file)])
    assert refused.exit_code == 1
    assert "The run measured 20 % of signed-in requests. Give one of them." in refused.output
    missing = CliRunner().invoke(sizing, ["--figures", str(tmp_path / "none.json")])
    assert missing.exit_code == 1
    assert "`make compare` writes it" in missing.output
