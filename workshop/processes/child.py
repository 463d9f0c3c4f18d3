"""One process of a step, through all its restarts."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection

from workshop.processes import die_with_parent
from workshop.processes.backoff import AFTER_KILL_SECONDS, LONGEST_SECONDS, Backoff
from workshop.state import ROOT

STOP_SECONDS = 12.0
"""From SIGTERM to SIGKILL. It is more than gunicorn's graceful timeout."""

FLUSH_SECONDS = 1.0
"""How long to wait for the rest of the output after the process has ended."""


class Child:
    """A command in a session of its own, so that Ctrl-C in the terminal reaches only the run.

    `print_line` gets each line of the output. The command inherits the file descriptors `sockets`. Call
    `start` in the main thread only: Linux counts the end of the thread that started a process as the end of
    its parent.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        env: dict[str, str],
        restart: bool,
        print_line: Callable[[str], None],
        *,
        sockets: Collection[int] = (),
    ) -> None:
        self.name, self.restart = name, restart
        self.stopping = False
        self.start_at = 0.0
        """The time of the next start, by the monotonic clock."""
        self.last_line = ""
        """The last line of the output that is not empty."""

        self._command, self._env, self._print_line, self._sockets = command, env, print_line, sockets
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._backoff = Backoff()
        self._started = 0.0
        self._kill_at: float | None = None

    @property
    def pid(self) -> int | None:
        """The process id, or None without a process."""
        return self._process.pid if self._process else None

    def start(self) -> int:
        """Start the process. Return its id."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", die_with_parent.__file__, str(os.getpid()), *self._command],
            env=self._env,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self._sockets,
        )
        self._started = time.monotonic()
        self._reader = threading.Thread(target=self._read, args=(self._process,), daemon=True)
        self._reader.start()
        return self._process.pid

    def stop(self) -> None:
        """Send SIGTERM, at the first call only. The process is not restarted."""
        self.stopping = True
        if self._process and self._kill_at is None:
            self._kill_at = time.monotonic() + STOP_SECONDS
            self._process.terminate()

    def poll(self) -> int | None:
        """Return the exit code once after the process has ended, else None. Kill what it left behind, and the
        process itself when it does not stop in time.
        """
        if self._process is None:
            return None
        code = self._process.poll()
        if code is None:
            if self._kill_at is not None and time.monotonic() >= self._kill_at:
                self.kill()
            return None
        # Workers that outlive their master would keep its port.
        self.kill()
        if self._reader:
            self._reader.join(FLUSH_SECONDS)
        self._process = None
        return code

    @property
    def failures(self) -> int:
        """How many times in a row it has ended soon after its start."""
        return self._backoff.failures

    def schedule_restart(self, code: int) -> float:
        """Plan the next start after it ended with `code`. Return in how many seconds that is."""
        now = time.monotonic()
        # What somebody kills may be healthy. What exits by itself will do so again.
        longest = LONGEST_SECONDS if code > 0 else AFTER_KILL_SECONDS
        wait = self._backoff.next_wait(now - self._started, longest)
        self.start_at = now + wait
        return wait

    def kill(self) -> None:
        """Kill the process and all that it has started."""
        if self._process:
            # It has a session of its own, so its process id is also that of its group.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101
        with process.stdout:
            for output in process.stdout:
                for line in output.decode("utf-8", "replace").splitlines():
                    self.last_line = line.strip() or self.last_line
                    self._print_line(line)
