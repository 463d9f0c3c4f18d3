"""`make` as a user calls it, in this checkout or in a copy of it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.files import ROOT, files
from workshop.default_ports import default_ports
from workshop.ports import free_port

VENV = ".venv"
SECONDS = 580.0
"""The longest time for a target; pytest's own time-out may end a test earlier."""
OWN = ("PYTEST_", "DRILLS", "WORKSHOP_STATE", "MONGO_PORT", "COLUMNS", "LINES")
"""Beginnings of names that pytest, its fixtures and `make drills` set."""


def command(*words: str, folder: Path = ROOT) -> list[str]:
    """Return the command line, which installs nothing: that takes long and needs a network; see `.ci/run`."""
    is_elsewhere = folder == ROOT and Path(sys.prefix) != ROOT / VENV
    return [
        *("make", "-C", str(folder), "--no-print-directory"),
        *("-o", f"{VENV}/run.stamp", "-o", f"{VENV}/dev.stamp"),
        *([f"VENV={sys.prefix}"] if is_elsewhere else []),
        *words,
    ]


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a user's shell."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    return {**own, "PYTHONUNBUFFERED": "1", **more}


def make(
    *words: str,
    folder: Path = ROOT,
    code: int = 0,
    env: Mapping[str, str] | None = None,
) -> str:
    """Return what it prints. Raises AssertionError unless it ends with `code`, and if it prints errors and
    ends with 0.
    """
    done = subprocess.run(
        command(*words, folder=folder),
        env=environment(**(env or {})),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    output = done.stdout + done.stderr
    assert done.returncode == code, output
    assert "Traceback" not in output, output
    assert code or not done.stderr, done.stderr
    return output


@contextmanager
def making(
    *words: str, until: str, folder: Path = ROOT, env: Mapping[str, str] | None = None
) -> Iterator["Making"]:
    """Yield a target that stays up, once it has printed `until`; kill it at the end if it still runs."""
    with tempfile.TemporaryFile() as file:
        process = subprocess.Popen(
            command(*words, folder=folder),
            env=environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
        made = Making(process, file.fileno())
        try:
            made.await_words(until)
            yield made
        finally:
            if process.poll() is None:
                for each in made.processes():  # parts have sessions of their own
                    with contextlib.suppress(psutil.NoSuchProcess):
                        each.kill()
                process.wait(SECONDS)


class Making:
    """A target that stays up, in its own session, as in its own terminal."""

    def __init__(self, process: "subprocess.Popen[bytes]", file: int) -> None:
        self._process, self._file = process, file

    @property
    def output(self) -> str:
        """Return all that it printed."""
        return os.pread(self._file, os.fstat(self._file).st_size, 0).decode(errors="replace")

    def await_words(self, words: str) -> None:
        """Wait until it has printed `words`."""
        deadline = time.monotonic() + SECONDS
        while words not in self.output:
            assert self._process.poll() is None, self.output
            assert time.monotonic() < deadline, self.output
            time.sleep(0.05)

    def processes(self) -> list[psutil.Process]:
        """Return all processes that it has started, itself included."""
        own = psutil.Process(self._process.pid)
        return [own, *own.children(recursive=True)]

    def send(self, number: int) -> None:
        """Send a signal to all that run in this terminal."""
        os.killpg(self._process.pid, number)

    def ctrl_c(self) -> None:
        """Press Ctrl-C, and wait for the end."""
        self.send(signal.SIGINT)
        self._process.wait(SECONDS)

    def kill(self) -> None:
        """Kill what runs in this terminal; parts of a run have their own sessions and stay."""
        self.send(signal.SIGKILL)
        self._process.wait(SECONDS)


def own_ports() -> dict[str, str]:
    """Return free ports by the variables that set them, for all servers and steps."""
    return {variable: str(free_port()) for variable in default_ports()}


def copy_of_the_checkout(folder: Path) -> Path:
    """Copy the files of this checkout into a folder, with a link to its `.venv`."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in files():
        copy = folder / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    (folder / VENV).symlink_to(sys.prefix)
    return folder
