"""What processes use: memory and CPU time, by program."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

import psutil

from workshop.testbed.process import NotMeasured


def tree(pid: int) -> list[psutil.Process]:
    """Return a process and all that it has started."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def with_children(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Return processes and all that they have started, without those that have ended."""
    found = []
    for each in processes:
        with suppress(psutil.Error):
            found += [each, *each.children(recursive=True)]
    return found


def memory(processes: Iterable[psutil.Process]) -> list[tuple[str, int]]:
    """Return the program and the PSS of each process, in bytes.

    PSS, the proportional set size, counts a page that several processes share by each one's share, so that
    the sum is what the machine needs. Raises NotMeasured where the system does not know it.
    """
    found = []
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            pss = getattr(each.memory_full_info(), "pss", None)
            if pss is None:
                raise NotMeasured("Only Linux shows which part of shared memory is a process's own.")
            found.append((program(each), pss))
    return found


def cpu_seconds(processes: Iterable[psutil.Process]) -> dict[str, float]:
    """Return the CPU seconds that processes have used so far, by program."""
    found: dict[str, float] = defaultdict(float)
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            found[program(each)] += times.user + times.system
    return found


def total_cpu_seconds(processes: Iterable[psutil.Process]) -> float:
    """Return the CPU seconds that processes have used so far, in all."""
    return sum(cpu_seconds(processes).values())


@contextmanager
def cpu_used(processes: list[psutil.Process]) -> Iterator[dict[str, float]]:
    """Yield a dictionary that has the CPU seconds used inside the block, by program, once it has ended."""
    used: dict[str, float] = {}
    before = cpu_seconds(processes)
    yield used
    after = cpu_seconds(processes)
    used.update({name: max(0.0, seconds - before[name]) for name, seconds in after.items()})


def program(process: psutil.Process) -> str:
    """Return what a process runs: the application, a module, or the name of the program."""
    words = process.cmdline()
    applications = [word.split(":")[0] for word in words if word.endswith(("()", ":app"))]
    modules = [word for before, word in pairwise(words) if before == "-m"]
    return [*applications, *modules, process.name()][0]
