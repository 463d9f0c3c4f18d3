"""The processes of a run by their kind, for tests that kill them."""

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.running_step import RunningStep
from workshop.stores.server import PID_SUFFIX, read_pid_file

PARTS = ("mongod", "nats", "mail")
FACE = "web.conf.py"


@dataclass(frozen=True)
class Kind:
    """A kind of process of a run: its instance, and whether it is a worker."""

    name: str
    is_worker: bool = False

    def __str__(self) -> str:
        return f"{self.name}'s worker" if self.is_worker else self.name


class RunProcesses:
    """All processes that a run has started, except the run itself, which starts processes again."""

    def __init__(self, running: RunningStep) -> None:
        self._state = Path(running.environment["WORKSHOP_STATE"])
        self.run = next(
            each
            for each in psutil.Process().children()
            if each.environ().get("WORKSHOP_STATE") == str(self._state) and "run" in each.cmdline()
        )

    def kinds(self) -> list[Kind]:
        """Return the kinds of processes that exist now."""
        return sorted(self._members(), key=str)

    def kill(self, kind: Kind) -> int:
        """Kill one of that kind with SIGKILL, and return its id. Raises AssertionError if there is none."""
        members = self._members()
        assert kind in members, f"no {kind} among {[str(each) for each in members]}"
        pid = members[kind].pid
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            return pid
        raise AssertionError(f"{kind} has ended meanwhile")

    def _members(self) -> dict[Kind, psutil.Process]:
        found: dict[Kind, psutil.Process] = {}
        for child in self.run.children():
            with contextlib.suppress(psutil.Error):
                name = _name(child)
                if name and child.status() != psutil.STATUS_ZOMBIE:
                    found[Kind(name)] = child
                    for worker in child.children():
                        found.setdefault(Kind(name, is_worker=True), worker)
        for part in PARTS:
            # The first command that needed it has started it, as their pid files show.
            if known := read_pid_file(self._state / f"{part}{PID_SUFFIX}"):
                found[Kind(part)] = known[0]
        return found


def _name(process: psutil.Process) -> str | None:
    """Return the instance's name, or `web`; None for a shared part."""
    if any(FACE in word for word in process.cmdline()):
        return "web"
    return process.environ().get("INSTANCE")
