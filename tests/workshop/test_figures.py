"""Figures of the comparison have names, and no text keeps one of an earlier run."""

import json
import os
import re
import subprocess
from pathlib import Path

import click
import pytest

from tests.support.make import copy_of_the_checkout, environment
from tests.support.workshop_command import ROOT, call
from workshop.figures.figure import PUBLISHED, Figure, published_figures
from workshop.figures.marks import Fault, faults, filled, texts

FIGURES = {"memory-step0": Figure("memory-step0", "341 MB", "memory")}
TEXTS = [*texts()]


def place(name: str, value: str) -> str:
    return f"<!--figure {name}-->{value}<!--/figure-->"


@pytest.mark.parametrize("path", TEXTS, ids=[each.relative_to(ROOT).as_posix() for each in TEXTS])
def test_texts_have_the_published_figures(path: Path) -> None:
    text = path.read_text()
    assert faults(text, published_figures()) == []
    assert text == filled(text, published_figures()), "Run: ./stones figures --write"


@pytest.mark.parametrize("path", TEXTS, ids=[each.relative_to(ROOT).as_posix() for each in TEXTS])
def test_no_line_begins_with_a_figure(path: Path) -> None:
    # Markdown would end the paragraph there, and take the line as HTML.
    assert re.findall(r"^ *<!--figure .*", path.read_text(), re.MULTILINE) == []


def test_texts_are_those_that_are_committed(tmp_path: Path) -> None:
    for name in ("README.md", "docs/glossary.md", "step3_async/README.md"):
        assert ROOT / name in TEXTS
    for name in ("a.md", "b/c.md", "node_modules/d.md", "work/0.1/e.md", ".venv/f.md", "g.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert [each.relative_to(tmp_path).as_posix() for each in texts(tmp_path)] == ["a.md", "b/c.md"]


def test_stale_figures_are_replaced_and_the_rest_stays() -> None:
    text = "It takes {0}, {1}, {0}.\n"
    stale = text.format(place("memory-step0", "1 MB"), place("nothing", "2"))
    present = text.format(place("memory-step0", "341 MB"), place("nothing", "2"))
    assert filled(stale, FIGURES) == present
    assert filled(present, FIGURES) == present


def test_unknown_names_and_places_without_an_end_are_faults() -> None:
    assert faults(f"one\n{place('nothing', '2')}\n", FIGURES) == [Fault(2, "there is no figure nothing")]
    (fault,) = faults("<!--figure memory-step0-->341 MB", FIGURES)
    assert "in one line" in fault.text
    assert faults(place("memory-step0", "1 MB"), FIGURES) == []


def test_figures_are_those_of_the_report() -> None:
    report, found = (PUBLISHED.parent / "README.md").read_text(), published_figures()
    for name, form in {
        "capacity-signed-in-step0": "carries the most, {} requests a second",
        "capacity-visitors-step0-cached": "behind a cache carries {} a second",
        "capacity-ratio-to-cached-visitors-step3": "and step 3 {} times as many",
        "hanging-mail-others-step0": "while mail hangs (28 % and 100 % at steps 2 and 3; step 0: {})",
        "fatal-parts-step0": "step 0: {} of 2",
    }.items():
        assert form.format(found[name].value) in report, name
    for row, names in {
        "step 2": [
            "capacity-visitors-step2",
            "memory-step2",
            "start-step2",
            "lag-p50-step2",
            "lag-p99-step2",
        ],
        "step 3": ["capacity-signed-in-step3", "memory-ratio-step3", "processes-step3", "cpu-mixed-step3"],
    }.items():
        line = next(line for line in report.splitlines() if line.startswith(f"| {row} | "))
        for name in names:
            assert found[name].value in line, name


def test_a_ratio_that_the_report_does_not_claim_has_no_name(tmp_path: Path) -> None:
    run = json.loads(PUBLISHED.read_text())
    run["memory"]["3"]["finding"] = "unchecked"
    run["memory"]["2"]["finding"] = "alike"
    run["capacity"]["0"]["3"]["finding"] = "alike"
    file = tmp_path / "figures.json"
    file.write_text(json.dumps(run))
    found = published_figures(file)
    assert "memory-step3" in found
    assert not {"memory-ratio-step2", "memory-ratio-step3"} & {*found}
    assert found["capacity-ratio-visitors-step3"].value == "≈ 1"


def test_figures_of_a_missing_run_name_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match="make compare"):
        published_figures(tmp_path / "figures.json")


def test_the_command_lists_names_values_and_meanings() -> None:
    listed = call(["figures"], os.environ).splitlines()
    assert len(listed) == len(published_figures())
    (line,) = (each for each in listed if each.startswith("memory-step0 "))
    assert re.fullmatch(r"memory-step0 +341 MB +memory of a step that is ready, step 0", line)


def test_the_command_fills_in_all_texts_and_names_what_is_wrong(tmp_path: Path) -> None:
    checkout = copy_of_the_checkout(tmp_path / "checkout")
    for name, text in {
        "a.md": place("memory-step0", "1 MB"),
        "docs/b.md": f"\n{place('nothing', '2')}",
    }.items():
        (checkout / name).write_text(text)
    command = [checkout / "stones", "figures", "--write"]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.stdout == "Figures written: a.md\n"
    assert done.stderr.startswith("Error: docs/b.md:2: there is no figure nothing\n")
    assert done.returncode == 1
    assert (checkout / "a.md").read_text() == place("memory-step0", "341 MB")
