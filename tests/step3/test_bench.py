"""The benchmarks of events, the gateway and a rebuild run at the smallest size."""

from pathlib import Path

import pytest

from tests.support.bench import PROMISES, figures
from tests.support.make import make
from workshop.bench.catalogue import MEASUREMENTS

TABLES = {
    "events": ["From the acknowledgement of a write until it is shown, at 50 writes a second"],
    "gateway": ["Passing a request on: CPU time of the proxy's process, and responses over 4 connections"],
    "cache": ["Responding to a search: CPU time of the server's process, and responses over 4 connections"],
    "rebuild": ["Rebuilding, posts a second"],
}


@pytest.mark.bench
def test_one_run_measures_all_of_step_3(tmp_path: Path) -> None:
    assert [name for name, each in MEASUREMENTS.items() if each.is_of_step3] == [*TABLES]
    printed = make("bench", f"ARGS=--quick --only {' --only '.join(TABLES)}", env={"TMPDIR": str(tmp_path)})
    titles = [title for titles in TABLES.values() for title in titles]
    assert [*figures(printed, [*TABLES])] == [*titles, PROMISES]
    assert list(tmp_path.iterdir()) == []
