"""One process of a step, through all its lives."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection

from workshop.processes import tied
from workshop.processes.backoff import AFTER_KILL_SECONDS, LONGEST_SECONDS, Backoff
from workshop.state import ROOT

STOP_SECONDS = 12.0
"""From SIGTERM to SIGKILL: more than gunicorn's graceful time-out."""

LAST_WORDS_SECONDS = 1.0


class Child:
    """A command in a session of its own, so that Ctrl-C in the terminal is for the run alone.

    `say` gets each line of its output; `sockets` are the file descriptors that it inherits. `start` is for
    the main thread only: Linux counts the end of the thread that started a process as the end of its parent.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        env: dict[str, str],
        restart: bool,
        say: Callable[[str], None],
        *,
        sockets: Collection[int] = (),
    ) -> None:
        self.name, self.restart = name, restart
        self.ending = False
        self.due = 0.0
        """When it is to be started, by the monotonic clock."""
        self.last_line = ""
        """What it said last."""

        self._command, self._env, self._say, self._sockets = command, env, say, sockets
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._backoff = Backoff()
        self._started = 0.0
        self._kill_at: float | None = None

    @property
    def pid(self) -> int | None:
        """Its process id, while there is a process."""
        return self._process.pid if self._process else None

    def start(self) -> int:
        """Start it; its process id."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", tied.__file__, str(os.getpid()), *self._command],
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

    def end(self) -> None:
        """Ask it to end, once, and for good."""
        self.ending = True
        if self._process and self._kill_at is None:
            self._kill_at = time.monotonic() + STOP_SECONDS
            self._process.terminate()

    def ended(self) -> int | None:
        """The exit code if it has ended since it was asked last; all that it left behind is ended, too."""
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
            self._reader.join(LAST_WORDS_SECONDS)
        self._process = None
        return code

    @property
    def tries(self) -> int:
        """How often in a row it has ended soon after its start."""
        return self._backoff.tries

    def retry(self, code: int) -> float:
        """Have it started again after it ended with that code; in how many seconds."""
        now = time.monotonic()
        # What somebody kills may be well otherwise; what gives up by itself will do so again.
        longest = LONGEST_SECONDS if code > 0 else AFTER_KILL_SECONDS
        wait = self._backoff.after(now - self._started, longest)
        self.due = now + wait
        return wait

    def kill(self) -> None:
        """End it and all that it started, at once."""
        if self._process:
            # Its own session makes its process id that of its group, too.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None  # noqa: S101
        with process.stdout:
            for line in process.stdout:
                for part in line.decode("utf-8", "replace").splitlines():
                    self.last_line = part.strip() or self.last_line
                    self._say(part)
