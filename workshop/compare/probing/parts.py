"""The parts of a running step: its processes by name, and what becomes of them when they are killed."""

import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

import psutil

from workshop import state
from workshop.compare.system.arms import Running
from workshop.compare.system.cores import SYSTEM, on
from workshop.processes.backoff import FIRST_SECONDS
from workshop.processes.exits import await_exit
from workshop.services.state_files import read_instances
from workshop.steps import read_step
from workshop.stores.mongod import Mongod
from workshop.stores.server import PID_SUFFIX, read_pid_file
from workshop.testbed.process import NotMeasured, spawn
from workshop.testbed.usage import with_children

END_SECONDS = 20.0
MONGOD, NATS = "mongod", "nats"


def parts(system: Running) -> dict[str, list[psutil.Process]]:
    """Return the processes of each part that answers requests or is needed for that: the ones that the run
    has started, not their workers. The stores come last.
    """
    step = read_step(system.step)
    children = _alive(psutil.Process(system.run.pid).children())
    last_words = {shlex.split(each.command)[-1]: each.name for each in step.processes}
    found: dict[str, list[psutil.Process]] = {}
    for child in children:
        with suppress(psutil.Error):
            words = child.cmdline()
            if words and (name := last_words.get(words[-1])):
                found.setdefault(name, []).append(child)
    pids = {each.pid: each for each in children}
    for instance in read_instances(system.step) if step.services else ():
        if instance.pid in pids:
            found.setdefault(instance.service, []).append(pids[instance.pid])
    for store in (MONGOD, NATS):
        if known := read_pid_file(state.folder() / f"{store}{PID_SUFFIX}"):
            found[store] = [known[0]]
    return found


def memory(processes: list[psutil.Process]) -> int:
    """Return the memory of processes in bytes: each page that they share is counted once (PSS), where the
    system says so.
    """
    total = 0
    for each in processes:
        with suppress(psutil.Error):
            info = each.memory_full_info()
            total += getattr(info, "pss", info.rss)
    return total


@dataclass(frozen=True)
class Remains:
    """What is needed to start a process again: its command line, environment and folder."""

    command: list[str]
    env: dict[str, str]

    @classmethod
    def of(cls, process: psutil.Process) -> "Remains":
        """Read it from a process that is alive."""
        return cls(process.cmdline(), process.environ())


class Keeper:
    """Kills parts, and sees that they are started again.

    The run of a step with services restarts them by itself. That of another step stops when one of its
    processes ends, as people at a terminal want to see that. In production an init system would start it
    again; so that is what we do here, after as long a wait as the run of the other steps takes.
    """

    def __init__(self, system: Running, mongod: Mongod | None) -> None:
        self._system, self._mongod = system, mongod
        self._started: dict[str, subprocess.Popen[bytes]] = {}

    def parts(self) -> dict[str, list[psutil.Process]]:
        """Return the processes of each part, as they are now."""
        alive = {name: each.pid for name, each in self._started.items() if each.poll() is None}
        return {name: [psutil.Process(pid)] for name, pid in alive.items()} | parts(self._system)

    def kill(self, part: str) -> None:
        """Kill all processes of a part with SIGKILL. Raises NotMeasured if there are none."""
        self._end([part], signal.SIGKILL)

    def restart(self, names: Sequence[str]) -> None:
        """Let parts end in good order, all at once, and start them again. Raises NotMeasured."""
        self._end(names, signal.SIGTERM)

    def _end(self, names: Sequence[str], how: signal.Signals) -> None:
        found = self.parts()
        if missing := [name for name in names if not found.get(name)]:
            raise NotMeasured(f"Step {self._system.step} has no {missing[0]} that runs.")
        processes = [each for name in names for each in found[name]]
        remains = [(name, Remains.of(each)) for name in names for each in found[name]] if self._mongod else []
        if how == signal.SIGKILL:
            processes = with_children(processes)
        for process in processes:
            with suppress(psutil.Error):
                process.send_signal(how)
        if self._mongod is None:
            return
        for name in names:
            if name in self._started:
                self._started.pop(name).wait(END_SECONDS)
        if left := await_exit(processes, END_SECONDS):
            raise NotMeasured(f"{len(left)} processes of {', '.join(names)} did not end.")
        time.sleep(FIRST_SECONDS)
        for name, each in remains:
            self._start(name, each)

    def _start(self, part: str, remains: Remains) -> None:
        if part == MONGOD and self._mongod:
            self._mongod.restart()
            if again := self._mongod.process:
                # Somebody else will stop it, and would wait for a zombie.
                threading.Thread(target=_reap, args=(again.pid,), daemon=True).start()
            return
        with (state.folder() / f"{part}-again.log").open("ab") as log, on(SYSTEM):
            self._started[part] = spawn(
                remains.command, env=remains.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def end(self) -> None:
        """Kill what this has started."""
        for each in self._started.values():
            for process in with_children([psutil.Process(each.pid)] if each.poll() is None else []):
                with suppress(psutil.Error):
                    process.kill()
            each.wait(END_SECONDS)


@contextmanager
def keeping(system: Running) -> Iterator[Keeper]:
    """Keep a running step up inside the block, in which its parts are killed. A run that would stop then is
    suspended, and does so after the block: the step cannot be used any more.
    """
    if read_step(system.step).restart:
        yield Keeper(system, None)
        return
    run = psutil.Process(system.run.pid)
    with ExitStack() as stack:
        stack.callback(run.resume)
        run.suspend()
        keeper = Keeper(system, stack.enter_context(Mongod()))
        stack.callback(keeper.end)
        yield keeper


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    found = []
    for each in processes:
        with suppress(psutil.Error):
            if each.status() != psutil.STATUS_ZOMBIE:
                found.append(each)
    return found


def _reap(pid: int) -> None:
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)
