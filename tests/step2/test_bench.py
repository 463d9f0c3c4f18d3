"""The benchmark of synchronisation runs at the smallest size."""

from pathlib import Path

import pytest

from tests.support.bench import PROMISES, figures
from tests.support.make import make


@pytest.mark.bench
def test_copies_are_measured_beside_bare_ones(tmp_path: Path) -> None:
    printed = make("bench", "ARGS=--quick --only sync", env={"TMPDIR": str(tmp_path)})
    (title, rows), (promises, _) = figures(printed, ["sync"]).items()
    assert title == "Copying, posts a second that have reached all takers"
    assert [row[0] for row in rows[1:]] == ["one process, find and bulk_write", "the services, through sync"]
    assert promises == PROMISES
    assert "Memory of sync after a tenth of the posts" in printed
    assert "the last taker had each of 100 after" in printed
    assert list(tmp_path.iterdir()) == []
