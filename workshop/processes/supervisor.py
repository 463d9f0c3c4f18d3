"""Run a step's processes together."""

import signal
import threading
import time
from collections.abc import Collection
from functools import partial
from types import FrameType

from workshop.processes.child import Child
from workshop.processes.printer import Printer

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TICK_SECONDS = 0.05


class Supervisor:
    """All stop when one ends that is not to be started again; nothing outlives it; the reason is known.

    `run` is for the main thread, everything else for any thread.
    """

    def __init__(self) -> None:
        self._printer = Printer()
        self._lock = threading.Lock()
        self._children: dict[str, Child] = {}
        self._signal: int | None = None
        self._reason: str | None = None
        self._ending = False

    def add(
        self,
        name: str,
        command: list[str],
        env: dict[str, str],
        restart: bool,
        sockets: Collection[int] = (),
    ) -> None:
        """Add a process to start; with `restart`, again whenever it ends by itself. It inherits `sockets`, by
        their file descriptors.
        """
        self._printer.introduce(name)
        with self._lock:
            if not self._ending:
                say = partial(self._printer.line, name)
                self._children[name] = Child(name, command, env, restart, say, sockets=sockets)

    def remove(self, name: str) -> None:
        """Ask a process to end, which may take a while; see `has`."""
        with self._lock:
            if name in self._children:
                self._end(self._children[name])

    def has(self, name: str) -> bool:
        """Whether there is such a process: to be started, running, or not quite ended."""
        with self._lock:
            return name in self._children

    def pid(self, name: str) -> int | None:
        """The process id, unless it is yet to be started."""
        with self._lock:
            return self._children[name].pid if name in self._children else None

    def say(self, text: str) -> None:
        """Print a line beside those of the processes."""
        self._printer.system(text)

    def stop(self, reason: str) -> None:
        """Stop everything because of `reason`."""
        with self._lock:
            self._stop(reason)

    def run(self) -> str | None:
        """Start all and wait until all have ended; why they did, or None if a signal asked for it."""
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            while self._look_after_all():
                time.sleep(TICK_SECONDS)
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            for child in self._children.values():
                child.kill()
        return self._reason

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # Only noted: the thread that is interrupted may hold any of our locks.
        self._signal = number

    def _look_after_all(self) -> bool:
        """One round; whether there will be another."""
        with self._lock:
            if self._signal is not None and not self._ending:
                self.say(f"{signal.Signals(self._signal).name} received")
                self._stop(None)
            for child in list(self._children.values()):
                self._look_after(child)
            return bool(self._children) or not self._ending

    def _look_after(self, child: Child) -> None:
        code = child.ended()
        if code is not None:
            how = _how(code)
            self.say(f"{child.name} {how}")
            if not child.ending and child.restart:
                self.say(f"{child.name} is started again in {child.retry():.1f} s")
            elif not child.ending:
                child.ending = True
                self._stop(f"{child.name} {how}; its last lines are above. Everything else was stopped.")
        if child.pid is None:
            if child.ending:
                del self._children[child.name]
            elif time.monotonic() >= child.due:
                self.say(f"{child.name} started (pid={child.start()})")

    def _stop(self, reason: str | None) -> None:
        if not self._ending:
            self._ending, self._reason = True, reason
        for child in self._children.values():
            self._end(child)

    def _end(self, child: Child) -> None:
        if not child.ending and child.pid:
            self.say(f"sending SIGTERM to {child.name} (pid {child.pid})")
        child.end()


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    named = {each.value: each.name for each in signal.Signals}
    return f"was killed by {named.get(-code, f'signal {-code}')}"
