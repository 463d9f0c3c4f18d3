"""The pace of the machine, and what the report says of it."""

from dataclasses import replace

from tests.support.eventually import eventually, holds
from tests.workshop.compare.sample import sample
from workshop.compare.observations import Load
from workshop.compare.report.caveats import misleads
from workshop.compare.report.summary import summarize
from workshop.compare.system.pace import watching


def test_pace_is_measured_inside_the_block() -> None:
    with watching() as pace:
        eventually(holds(lambda: pace.ms is not None), 10)
    assert pace.ms is not None
    assert pace.ms > 0


def test_report_says_how_much_the_pace_changed() -> None:
    observations = [
        replace(each, pace_ms=2.0 if each.arm == "3" else 1.25) if isinstance(each, Load) else each
        for each in sample()
    ]
    summary = summarize(observations)
    assert summary.pace is not None
    assert (summary.pace.low, summary.pace.high) == (1.0, 1.6)
    assert any("took 1.00 to 1.60 times its usual CPU time" in each for each in misleads(summary))


def test_run_without_a_pace_says_nothing_of_it() -> None:
    summary = summarize(sample())
    assert summary.pace is None
    assert not any("own pace" in each for each in misleads(summary))
