"""The parts of a running step: its processes by name. What ends them here does not start them again: the run
does, see `running` with `restart`. In production it would be an init system.
"""

import shlex
from collections.abc import Sequence
from contextlib import suppress

import psutil

from workshop import state
from workshop.compare.system.arms import Running
from workshop.processes.exits import await_exit, is_running
from workshop.services.state_files import read_instances
from workshop.steps import read_step
from workshop.stores.server import PID_SUFFIX, read_pid_file
from workshop.testbed.process import NotMeasured
from workshop.testbed.usage import with_children

END_SECONDS = 20.0
MONGOD, NATS = "mongod", "nats"


def parts(system: Running) -> dict[str, list[psutil.Process]]:
    """Return the processes of each part that answers requests or is needed for that: the ones that the run
    has started, not their workers. The stores come last.
    """
    step = read_step(system.step)
    children = [each for each in psutil.Process(system.run.pid).children() if is_running(each)]
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


def kill(system: Running, part: str) -> None:
    """Kill all processes of a part with SIGKILL. Raises NotMeasured if there are none."""
    for each in with_children(_found(system, [part])):
        with suppress(psutil.Error):
            each.kill()


def end(system: Running, names: Sequence[str]) -> None:
    """Let parts end in good order, all at once, and wait until they have. Raises NotMeasured."""
    processes = _found(system, names)
    for each in processes:
        with suppress(psutil.Error):
            each.terminate()
    if left := await_exit(processes, END_SECONDS):
        raise NotMeasured(f"{len(left)} processes of {', '.join(names)} did not end.")


def _found(system: Running, names: Sequence[str]) -> list[psutil.Process]:
    found = parts(system)
    if missing := [name for name in names if not found.get(name)]:
        raise NotMeasured(f"Step {system.step} has no {missing[0]} that runs.")
    return [each for name in names for each in found[name]]
