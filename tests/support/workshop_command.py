"""The `workshop` command as a user calls it: in its own process, with settings in its environment."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Self

import psutil

from workshop.processes.exits import await_exit

ROOT = Path(__file__).resolve().parents[2]
READY = "ready: "
READY_SECONDS = 400.0
STOP_SECONDS = 60.0
ORPHAN_SECONDS = 60.0
COMMAND_SECONDS = 400.0


def call(arguments: list[str], environment: Mapping[str, str]) -> str:
    """Call a `workshop` command that ends by itself; return its output. Raises AssertionError if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "workshop", *arguments],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=COMMAND_SECONDS,
        check=False,
        text=True,
    )
    assert done.returncode == 0, (
        f"workshop {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}"
    )
    return done.stdout


class Command:
    """A `workshop` command that stays up, as a context manager: from `ready:` to its end by SIGINT."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._arguments = arguments
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self.ready = ""
        """Return what was printed after `ready: `."""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def output(self) -> str:
        """Return everything that it has printed."""
        size = os.fstat(self._file.fileno()).st_size
        return os.pread(self._file.fileno(), size, 0).decode(errors="replace")

    @property
    def running(self) -> bool:
        """Return whether its process still runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def process(self) -> psutil.Process:
        """Return its process."""
        assert self._process is not None
        return psutil.Process(self._process.pid)

    def start(self, seconds: float = READY_SECONDS) -> None:
        """Start it and wait until it is ready. Raises AssertionError with its output if it never is."""
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as it runs
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workshop", *self._arguments],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._file,
            stderr=self._file,
        )
        try:
            self.ready = self._await_ready(self._process, seconds)
        except BaseException:
            self._kill()
            raise

    def stop(self, *, still_used: Collection[str] = ()) -> None:
        """Press Ctrl-C, and check that it ends with 0, and with it all that it started.

        Servers with one of `still_used` in their command line may stay, as other runs use them.
        """
        process = self._process
        if process is None or process.poll() is not None:
            return
        children: list[psutil.Process] = []
        for each in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if not any(name in " ".join(each.cmdline()) for name in still_used):
                    children.append(each)
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill()
            raise AssertionError(f"{self} did not stop within {STOP_SECONDS:g} s:\n{self.output}") from None
        left = await_exit(children, ORPHAN_SECONDS)
        assert code == 0, f"{self} ended with {code} after Ctrl-C:\n{self.output}"
        assert not left, f"{self} left running: {left}\n{self.output}"

    def wait(self, seconds: float) -> int:
        """Wait until it ends by itself, and return its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def __str__(self) -> str:
        return f"workshop {' '.join(self._arguments)}"

    def _await_ready(self, process: subprocess.Popen[bytes], seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while True:
            ended = process.poll()
            for line in self.output.splitlines():
                if line.strip().startswith(READY):
                    return line.strip().removeprefix(READY)
            assert ended is None, f"{self} ended with {ended}:\n{self.output}"
            assert time.monotonic() < deadline, f"{self} not ready in {seconds:g} s:\n{self.output}"
            time.sleep(0.05)

    def _kill(self) -> None:
        assert self._process is not None
        if self._process.poll() is None:
            for child in psutil.Process(self._process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            self._process.kill()
            self._process.wait(STOP_SECONDS)
