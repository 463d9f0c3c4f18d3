"""Run a step's processes together."""

import signal
import threading
import time
from collections.abc import Collection
from functools import partial

from workshop import interruption
from workshop.processes.child import Child
from workshop.processes.printer import Printer

TICK_SECONDS = 0.05

TRIES = 6
"""So often a process may end soon after its start, before the step is ready, until it counts as unable to."""


class Supervisor:
    """All stop when one ends that is not to be started again; nothing outlives it; the reason is known.

    `run` is for the main thread, everything else for any thread.
    """

    def __init__(self) -> None:
        self._printer = Printer()
        self._lock = threading.Lock()
        self._children: dict[str, Child] = {}
        self._settled = False
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

    def announce(self, text: str) -> None:
        """Print lines for themselves."""
        self._printer.plain(text)

    def settle(self) -> None:
        """The step has been ready: from now on a process that cannot start does not end the run."""
        self._settled = True

    def stop(self, reason: str) -> None:
        """Stop everything because of `reason`."""
        with self._lock:
            self._stop(reason)

    def run(self) -> str | None:
        """Start all and wait until all have ended; why they did, or None if a signal asked for it."""
        try:
            while self._look_after_all():
                time.sleep(TICK_SECONDS)
        finally:
            for child in self._children.values():
                child.kill()
        return self._reason

    def _look_after_all(self) -> bool:
        """One round; whether there will be another."""
        with self._lock:
            number = interruption.asked()
            if number is not None and not self._ending:
                self.say(f"{signal.Signals(number).name} received")
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
                self._retry(child, code)
            elif not child.ending:
                child.ending = True
                self._stop(f"{child.name} {how}; its last lines are above. Everything else was stopped.")
        if child.pid is None:
            if child.ending:
                del self._children[child.name]
            elif time.monotonic() >= child.due:
                self.say(f"{child.name} started (pid={child.start()})")

    def _retry(self, child: Child, code: int) -> None:
        """Have it started again, unless it has never managed to."""
        wait = child.retry(code)
        why = f"{child.tries} times in a row it ended soon after its start. It said last: {child.last_line}"
        if child.tries < TRIES:
            self.say(f"{child.name} is started again in {wait:.1f} s")
        elif code > 0 and not self._settled:
            child.ending = True
            self._stop(f"{child.name} cannot start: {why}")
        else:
            self.say(f"{child.name} is started again in {wait:.1f} s: {why}")

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
