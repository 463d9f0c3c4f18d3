"""Runs a step's processes together."""

import signal
import threading
import time
from collections.abc import Collection
from functools import partial

from workshop import signals
from workshop.processes.child import Child
from workshop.processes.printer import Printer

TICK_SECONDS = 0.05

MAX_FAILURES = 6
"""A process that has ended so often soon after its start, before the step was ready, cannot start."""


class Supervisor:
    """Stops all processes when one ends that is not to be restarted. No process outlives it.

    Call `run` in the main thread; the other methods are for any thread.
    """

    def __init__(self) -> None:
        self._printer = Printer()
        self._lock = threading.Lock()
        self._children: dict[str, Child] = {}
        self._was_ready = False
        self._reason: str | None = None
        self._stopping = False

    def add(
        self,
        name: str,
        command: list[str],
        env: dict[str, str],
        restart: bool,
        sockets: Collection[int] = (),
    ) -> None:
        """Add a process, which `run` starts. With `restart` it is started again whenever it ends by itself.

        It inherits the file descriptors `sockets`.
        """
        self._printer.add_name(name)
        with self._lock:
            if not self._stopping:
                print_line = partial(self._printer.line, name)
                self._children[name] = Child(name, command, env, restart, print_line, sockets=sockets)

    def remove(self, name: str) -> None:
        """Begin to stop a process. `has` returns False once it has ended."""
        with self._lock:
            if name in self._children:
                self._stop_child(self._children[name])

    def has(self, name: str) -> bool:
        """Return whether the process is waiting for its start, running, or stopping."""
        with self._lock:
            return name in self._children

    def pid(self, name: str) -> int | None:
        """Return the process id, or None when the process does not run."""
        with self._lock:
            return self._children[name].pid if name in self._children else None

    def log(self, text: str) -> None:
        """Print lines of the workshop among those of the processes."""
        self._printer.system(text)

    def announce(self, text: str) -> None:
        """Print lines without time and name."""
        self._printer.plain(text)

    def mark_ready(self) -> None:
        """Note that the step was ready: from now on a process that cannot start does not end the run."""
        self._was_ready = True

    def stop(self, reason: str) -> None:
        """Stop everything because of `reason`."""
        with self._lock:
            self._stop(reason)

    def run(self) -> str | None:
        """Start all processes and wait until all have ended. Return the reason, None if it was a signal."""
        try:
            while self._tick():
                time.sleep(TICK_SECONDS)
        finally:
            for child in self._children.values():
                child.kill()
        return self._reason

    def _tick(self) -> bool:
        """Look after each process once. Return whether there is more to do."""
        with self._lock:
            number = signals.received()
            if number is not None and not self._stopping:
                self.log(f"{signal.Signals(number).name} received")
                self._stop(None)
            for child in list(self._children.values()):
                self._check(child)
            return bool(self._children) or not self._stopping

    def _check(self, child: Child) -> None:
        code = child.poll()
        if code is not None:
            ending = _describe_exit(code)
            self.log(f"{child.name} {ending}")
            if not child.stopping and child.restart:
                self._restart(child, code)
            elif not child.stopping:
                child.stopping = True
                self._stop(f"{child.name} {ending}; its last lines are above. Everything else was stopped.")
        if child.pid is None:
            if child.stopping:
                del self._children[child.name]
            elif time.monotonic() >= child.start_at:
                self.log(f"{child.name} started (pid={child.start()})")

    def _restart(self, child: Child, code: int) -> None:
        """Plan the restart of a process, or stop the step if the process has never managed to start."""
        wait = child.schedule_restart(code)
        why = (
            f"it ended soon after its start {child.failures} times in a row. Its last line: {child.last_line}"
        )
        if child.failures < MAX_FAILURES:
            self.log(f"{child.name} is started again in {wait:.1f} s")
        elif code > 0 and not self._was_ready:
            child.stopping = True
            self._stop(f"{child.name} cannot start: {why}")
        else:
            self.log(f"{child.name} is started again in {wait:.1f} s: {why}")

    def _stop(self, reason: str | None) -> None:
        if not self._stopping:
            self._stopping, self._reason = True, reason
        for child in self._children.values():
            self._stop_child(child)

    def _stop_child(self, child: Child) -> None:
        if not child.stopping and child.pid:
            self.log(f"sending SIGTERM to {child.name} (pid {child.pid})")
        child.stop()


def _describe_exit(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    names = {each.value: each.name for each in signal.Signals}
    return f"was killed by {names.get(-code, f'signal {-code}')}"
