"""Unusual terminals: without colours, with another encoding, or closed."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from workshop import terminal

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[TextIO]:
    """The stream of a program on a real terminal."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    ours, theirs = os.openpty()
    with os.fdopen(theirs, "w") as stream:
        yield stream
    os.close(ours)


def workshop(*arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "workshop", *arguments]
    whole = {**os.environ, **env}
    return subprocess.run(command, cwd=ROOT, env=whole, capture_output=True, timeout=120, check=False)


def test_colours_are_used_only_in_terminals_that_want_them(
    screen: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert terminal.has_colours(screen)
    assert not terminal.has_colours(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "")
    assert terminal.has_colours(screen)  # by https://no-color.org an empty value says nothing
    monkeypatch.setenv("NO_COLOR", "1")
    assert not terminal.has_colours(screen)
    assert terminal.can_redraw(screen)
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not terminal.has_colours(screen)
    assert not terminal.can_redraw(screen)


def test_characters_that_a_terminal_cannot_show_are_replaced() -> None:
    terminal.fit_encoding()
    for encoding, shown in (
        ("ascii", b"trying again ... -> ?t?"),
        ("latin-1", b"trying again ... -> \xe9t\xe9"),
    ):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="plain")
        stream.write("trying again … → été")
        stream.flush()
        assert stream.buffer.getvalue() == shown


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize("arguments", [["doctor"], ["scale", "--help"], ["rapids", "--help"]], ids=" ".join)
def test_commands_print_in_any_encoding(arguments: list[str], encoding: str) -> None:
    done = workshop(*arguments, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert done.stdout.strip()
    assert done.stderr == b""


def test_closed_output_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "workshop", "doctor"]
    env = {**os.environ, "WORKSHOP_STATE": str(tmp_path)}
    with open(writing, "wb") as closed:  # noqa: PTH123 - a descriptor
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=closed, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b""
