"""The cores of this machine: the generator has the last one, the measured system all others.

On a machine with one core both share it, and where cores cannot be chosen (macOS) both have all of them.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def _all_cores() -> frozenset[int]:
    if sys.platform == "linux":
        return frozenset(os.sched_getaffinity(0))
    else:  # noqa: RET505 - as mypy takes what follows to be unreachable otherwise
        return frozenset(range(os.cpu_count() or 1))


def _split(cores: frozenset[int]) -> tuple[frozenset[int], frozenset[int]]:
    if sys.platform != "linux" or len(cores) == 1:
        return cores, cores
    last = max(cores)
    return cores - {last}, frozenset({last})


SYSTEM, GENERATOR = _split(_all_cores())
ALL = SYSTEM | GENERATOR
IS_SHARED = SYSTEM == GENERATOR
"""Whether the system and the generator have the same cores."""


def bind(pids: Iterable[int], cores: frozenset[int]) -> None:
    """Bind processes, with all their threads and what they start from now on, to these cores."""
    if sys.platform != "linux":
        return
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):  # the process has ended meanwhile
            for thread in Path(f"/proc/{pid}/task").iterdir():
                with suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread.name), cores)


@contextmanager
def on(cores: frozenset[int]) -> Iterator[None]:
    """Let this thread, and the processes that it starts, run only on these cores inside the block."""
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
