"""Where the stores of a comparison are, and what the report says about it."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.workshop.compare.sample import sample
from workshop import state
from workshop.compare.effort import QUICK
from workshop.compare.observations import About
from workshop.compare.report.caveats import misleads
from workshop.compare.report.summary import summarize
from workshop.compare.run import describe_run
from workshop.compare.system import stores
from workshop.testbed.step import isolated_state


@pytest.mark.skipif(stores.available() != stores.MEMORY, reason="there is no file system in memory")
def test_state_folders_are_in_memory_inside_the_block() -> None:
    with stores.stores_in(stores.MEMORY), isolated_state():
        assert state.folder().is_relative_to(stores.FOLDER)
    with isolated_state():
        assert not state.folder().is_relative_to(stores.FOLDER)


def test_state_folders_are_on_the_disk_if_wanted() -> None:
    with stores.stores_in(stores.DISK), isolated_state():
        assert not state.folder().is_relative_to(stores.FOLDER)
    assert describe_run(QUICK, quick=True, on_disk=True).stores == stores.DISK
    assert describe_run(QUICK, quick=True).stores == stores.available()


def test_memory_that_is_missing_or_full_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "FOLDER", Path("/no/such/folder"))
    assert stores.available() == stores.DISK
    monkeypatch.setattr(stores, "FOLDER", Path("/"))
    monkeypatch.setattr(stores, "LEAST_BYTES", sys.maxsize)
    assert stores.available() == stores.DISK


def test_report_says_what_stores_in_memory_leave_out() -> None:
    sync = {"0.5": 0.4, "0.9": 2.0, "max": 12.5}
    found = [
        replace(each, stores=stores.MEMORY, sync_ms=sync) if isinstance(each, About) else each
        for each in sample()
    ]
    (said,) = [each for each in misleads(summarize(found)) if "The stores were in memory" in each]
    assert "0.4 ms (p50) to 12.5 ms" in said
    assert not [each for each in misleads(summarize(sample())) if "in memory" in each]


def test_disk_is_measured() -> None:
    found = stores.sync_ms()
    assert 0 < found["0.5"] <= found["0.9"] <= found["max"]
