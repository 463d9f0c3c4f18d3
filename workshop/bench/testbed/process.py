"""Processes that are measured: what they say goes to a file, and none of them outlives the measurement."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import psutil
import requests

from workshop import state
from workshop.bench.failed import NotMeasured
from workshop.local_http import request
from workshop.processes import die_with_parent
from workshop.processes.exits import await_exit

START_SECONDS = 60.0
END_SECONDS = 30.0
"""From the request to end to SIGKILL."""

LAST_CHARACTERS = 2000


class Started:
    """A process with the file that has all it said."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name, self.process, self.log = name, process, log

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def await_answer(self, url: str) -> None:
        """Wait until GET is answered well there. Raises NotMeasured with its last words when it is not."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(requests.RequestException):
                if request(url, timeout=5).ok:
                    return
            time.sleep(0.1)
        raise self.failed("did not start")

    def await_line(self) -> None:
        """Wait until it has said a line. Raises NotMeasured with its last words when it does not."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            if b"\n" in self.log.read_bytes():
                return
            time.sleep(0.02)
        raise self.failed("did not start")

    def failed(self, what: str) -> NotMeasured:
        """What has become of it, with its last words."""
        words = self.log.read_text(errors="replace")[-LAST_CHARACTERS:].strip()
        return NotMeasured(f"{self.name} {what}. The last it said:\n{words or '(nothing)'}")


@contextmanager
def started(
    name: str,
    command: Sequence[str],
    env: Mapping[str, str] = MappingProxyType({}),
    end_with: signal.Signals = signal.SIGTERM,
) -> Iterator[Started]:
    """A process inside the block, in a session of its own: Ctrl-C in the terminal is for the bench alone."""
    log = state.folder() / f"{name.replace(' ', '-')}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *command],
            env={**os.environ, **env},
            cwd=state.ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield Started(name, process, log)
    finally:
        process.send_signal(end_with)
        to_its_end(lambda: _await_end(process))


def run(name: str, command: Sequence[str], env: Mapping[str, str] = MappingProxyType({})) -> str:
    """What a process said that ends by itself. Raises NotMeasured when it ends badly."""
    with started(name, command, env) as done:
        if done.process.wait():
            raise done.failed(f"ended with {done.process.returncode}")
        return done.log.read_text(errors="replace")


def end_children() -> None:
    """End all that this process has started, and that they have."""
    _end_all(psutil.Process().children(recursive=True))


def to_its_end(action: Callable[[], None]) -> None:
    """Do what may be done twice. If Ctrl-C comes meanwhile, as it may once, it is raised afterwards."""
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
        _end_all([*own.children(recursive=True), own])
        process.wait(END_SECONDS)


def _end_all(doomed: list[psutil.Process]) -> None:
    for end, seconds in ((psutil.Process.terminate, 10.0), (psutil.Process.kill, 5.0)):
        for each in doomed:
            with contextlib.suppress(psutil.NoSuchProcess):
                end(each)
        doomed = await_exit(doomed, seconds)
