"""The pace of the machine, and what is scaled to it."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.eventually import eventually, holds
from tests.workshop.compare.sample import sample
from workshop.compare.observations import Cost, Load, Observation
from workshop.compare.report.caveats import misleads
from workshop.compare.report.summary import summarize
from workshop.compare.system.cores import SYSTEM
from workshop.compare.system.pace import Pace, stolen_seconds, watching

SLOWER = 1.6


def test_pace_is_measured_inside_the_block() -> None:
    with watching() as pace:
        eventually(holds(lambda: pace.ms is not None), 10)
    assert pace.ms is not None
    assert pace.ms > 0


def test_stolen_time_is_that_of_the_systems_cores(tmp_path: Path) -> None:
    stat = tmp_path / "stat"
    per_second = os.sysconf("SC_CLK_TCK")
    lines = [f"cpu{core} 1 2 3 4 5 6 7 {per_second} 9 10" for core in SYSTEM]
    others = f"cpu 1 2 3 4 5 6 7 {99 * per_second} 9 10\nintr 1\n"
    stat.write_text("\n".join([*lines, others]))
    assert stolen_seconds(stat) == len(SYSTEM)
    assert stolen_seconds(tmp_path / "none") is None


@pytest.mark.parametrize(("stolen", "void"), [(None, False), (0.0, False), (0.01, False), (0.2, True)])
def test_trial_is_void_when_others_had_the_machine(stolen: float | None, void: bool) -> None:
    pace = Pace()
    pace.stolen = stolen
    assert (pace.void == "others had 20 % of the system's cores") is void
    assert (pace.void is not None) is void


def at_pace(observations: list[Observation], arm: str, slower: float) -> list[Observation]:
    """Return what a machine would show that is slower whenever it measures this arm."""
    found: list[Observation] = []
    for each in observations:
        factor = slower if getattr(each, "arm", None) == arm else 1.0
        if isinstance(each, Load):
            found.append(replace(each, pace_ms=factor))
        elif isinstance(each, Cost):
            cpu = {name: us * factor for name, us in each.cpu_us.items()}
            found.append(replace(each, pace_ms=factor, cpu_us=cpu))
        else:
            found.append(each)
    return found


@pytest.mark.parametrize("arm", ["0", "3"])
def test_cost_does_not_depend_on_when_an_arm_was_measured(arm: str) -> None:
    even, uneven = summarize(at_pace(sample(), arm, 1.0)), summarize(at_pace(sample(), arm, SLOWER))
    for share, arms in even.cpu_us.items():
        for name, each in arms.items():
            assert uneven.cpu_us[share][name].value.middle == pytest.approx(each.value.middle)
            assert uneven.cpu_us[share][name].finding == each.finding
        programs = uneven.cpu_by_program[share][arm]
        assert sum(programs.values()) == pytest.approx(sum(even.cpu_by_program[share][arm].values()))


def test_report_says_how_much_the_pace_changed() -> None:
    summary = summarize(at_pace(sample(), "3", SLOWER))
    assert summary.pace is not None
    assert (summary.pace.low, summary.pace.high) == (1.0, SLOWER)
    assert any("took 1.00 to 1.60 times its usual CPU time" in each for each in misleads(summary))


def test_run_without_a_pace_is_not_scaled() -> None:
    summary = summarize(sample())
    assert summary.pace is None
    assert not any("usual pace" in each for each in misleads(summary))
