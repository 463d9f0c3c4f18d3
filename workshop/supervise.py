"""Run a step's processes together: prefixed logs, all stop when one does."""

import ctypes
import os
import shlex
import signal
import sys
from collections.abc import Callable
from typing import Any

from honcho import process as honcho_process
from honcho.manager import Manager

PR_SET_PDEATHSIG = 1


def _die_with_parent(number: int) -> None:
    """Ask Linux to signal this process when its parent ends, kill -9 included; elsewhere do nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


class _Child(honcho_process.Popen):  # type: ignore[misc]
    def __init__(self, command: str, **options: Any) -> None:
        super().__init__(command, preexec_fn=lambda: _die_with_parent(signal.SIGTERM), **options)


class _Process(honcho_process.Process):  # type: ignore[misc]
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._child_ctor = _Child

    def run(self, *args: Any, **options: Any) -> None:
        _die_with_parent(signal.SIGKILL)
        super().run(*args, **options)


class Supervisor:
    """Honcho's manager, so set up that nothing outlives it and that the reason for the end is known."""

    def __init__(self) -> None:
        self._manager = Manager()
        self._manager._process_ctor = _Process
        self._reason: str | None = None
        self._names: list[str] = []

    def add(self, name: str, command: list[str], env: dict[str, str], cwd: str) -> None:
        """Add a process to start."""
        self._names.append(name)
        self._manager.add_process(name, f"exec {shlex.join(command)}", env=env, cwd=cwd)

    def stop(self, reason: str) -> None:
        """Stop everything, from any thread, because of `reason`."""
        self._reason = self._reason or reason
        self._manager.terminate()

    def run(self) -> str | None:
        """Start all and wait until all have ended; why they did, or None if a signal asked for it."""
        signals: dict[int, Callable[..., Any] | Any] = {
            number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        # Honcho does not know that a terminal may be closed.
        signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        try:
            self._manager.loop()
        finally:
            for number, handler in signals.items():
                signal.signal(number, handler)
        return self._reason or self._first_to_end()

    def _first_to_end(self) -> str | None:
        code = self._manager.returncode
        if code in (128 + signal.SIGINT, 128 + signal.SIGTERM):
            return None
        ended = [name for name in self._names if self._manager._processes[name].get("returncode") == code]
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return f"{ended[0]} {how}; its last lines are above. Everything else was stopped."
