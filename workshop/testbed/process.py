"""Processes that are measured. Their output goes to a file, and none of them outlives the measurement."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import click
import psutil
import requests

from workshop import state
from workshop.local_http import request
from workshop.processes import die_with_parent
from workshop.processes.exits import await_exit

START_SECONDS = 60.0
END_SECONDS = 30.0
"""From SIGTERM to SIGKILL."""

LAST_CHARACTERS = 2000


class NotMeasured(click.ClickException):
    """A measurement failed. The message says why."""


class StartedProcess:
    """A process and the file with its output."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name, self.process, self.log = name, process, log

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    def await_response(self, url: str) -> None:
        """Wait until GET succeeds there. If it does not, raise NotMeasured with the end of the output."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(requests.RequestException):
                if request(url, timeout=5).ok:
                    return
            time.sleep(0.1)
        raise self.failed("did not start")

    def await_line(self) -> None:
        """Wait until the process has printed a line. If it does not, raise NotMeasured with the end of the
        output.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if b"\n" in self.log.read_bytes():
                return
            time.sleep(0.02)
        raise self.failed("did not start")

    def failed(self, what: str) -> NotMeasured:
        """Return an error that says what happened to the process, with the end of its output."""
        output = self.log.read_text(errors="replace")[-LAST_CHARACTERS:].strip()
        return NotMeasured(f"{self.name} {what}. The end of its output:\n{output or '(nothing)'}")


def spawn(command: Sequence[str], cwd: Path = state.ROOT, **options: Any) -> subprocess.Popen[Any]:
    """Start a process in the folder `cwd` that ends with this one, and has a session of its own: Ctrl-C in
    the terminal reaches only this one. `options` are those of Popen.
    """
    return subprocess.Popen(
        [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *command],
        cwd=cwd,
        start_new_session=True,
        **options,
    )


@contextmanager
def started(
    name: str,
    command: Sequence[str],
    env: Mapping[str, str] = MappingProxyType({}),
    end_with: signal.Signals = signal.SIGTERM,
) -> Iterator[StartedProcess]:
    """Run a process inside the block (see `spawn`)."""
    log = state.folder() / f"{name.replace(' ', '-')}.log"
    with log.open("wb") as output:
        process = spawn(
            command, env={**os.environ, **env}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        yield StartedProcess(name, process, log)
    finally:
        process.send_signal(end_with)
        uninterrupted(lambda: _await_end(process))


def run(name: str, command: Sequence[str], env: Mapping[str, str] = MappingProxyType({})) -> str:
    """Run a process to its end and return its output. Raises NotMeasured when it fails."""
    with started(name, command, env) as done:
        if done.process.wait():
            raise done.failed(f"ended with {done.process.returncode}")
        return done.log.read_text(errors="replace")


def run_workshop(command: str, step: int, *arguments: str) -> None:
    """Run a command of the workshop for a step to its end. Raises NotMeasured when it fails."""
    run(command, [sys.executable, "-m", "workshop", command, "--step", str(step), *arguments])


def children() -> set[psutil.Process]:
    """Return all processes that this process has started, and theirs."""
    return {*psutil.Process().children(recursive=True)}


def stop_children(but: Collection[psutil.Process] = ()) -> None:
    """Stop all processes that this process has started, and theirs, but not those that were there before."""
    _stop_all([each for each in children() if each not in but])


def uninterrupted(action: Callable[[], None]) -> None:
    """Run an action that may be repeated. If Ctrl-C comes meanwhile, raise that afterwards."""
    try:
        action()
    except KeyboardInterrupt:
        action()
        raise


def _await_end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        own = psutil.Process(process.pid)
        _stop_all([*own.children(recursive=True), own])
        process.wait(END_SECONDS)


def _stop_all(processes: list[psutil.Process]) -> None:
    for end, seconds in ((psutil.Process.terminate, 10.0), (psutil.Process.kill, 5.0)):
        for each in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                end(each)
        processes = await_exit(processes, seconds)
