"""What a server does before its workers start."""

from pathlib import Path

import pytest

from kit.server.config import on_starting


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the metrics, which is not there yet."""
    folder = tmp_path / "of a server" / "metrics"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    return folder


def test_folder_of_metrics_is_made(folder: Path) -> None:
    on_starting(None)
    assert [*folder.iterdir()] == []


def test_metrics_of_an_earlier_server_are_removed_and_nothing_else(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("counter_7.db", "gauge_livesum_7.db", "theirs.txt"):
        (folder / name).write_text("")
    on_starting(None)
    assert [each.name for each in folder.iterdir()] == ["theirs.txt"]


def test_a_server_whose_metrics_are_in_its_memory_needs_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    on_starting(None)
