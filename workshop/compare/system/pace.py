"""The pace of this machine: the CPU time of a fixed piece of work on the system's cores.

A virtual machine shares its processors with others, and a laptop slows down when it is hot: the same work may
take twice as long a minute later. Figures of different minutes are compared only after they are scaled to one
pace.

It may also take a processor away for a moment, which Linux reports as stolen time. In a short trial that is
the latency of the slowest requests.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from workshop.compare.system.cores import SYSTEM

STEPS = 20_000
"""So much work takes one to two milliseconds."""

PAUSE_SECONDS = 0.25

MOST_STOLEN = 0.03
"""Of the system's cores: more makes a trial void."""

STOLEN_FIELD = 8
"""The place of stolen time in a line of /proc/stat, see proc_stat(5)."""


class Pace:
    """Measured while the block of `watching` lasts."""

    def __init__(self) -> None:
        self.stolen: float | None = None
        """The share of the system's cores that others got, known after the block; None where no machine says.
        """
        self._samples: list[float] = []
        self._ended = threading.Event()

    @property
    def ms(self) -> float | None:
        """The median CPU milliseconds of the work; None if there was no time for it."""
        return median(self._samples) if self._samples else None

    @property
    def void(self) -> str | None:
        """Why the trial that was watched does not count; None if the machine was ours."""
        if self.stolen is None or self.stolen <= MOST_STOLEN:
            return None
        return f"others had {100 * self.stolen:.0f} % of the system's cores"

    def sample(self) -> None:
        """Measure again and again until the end."""
        if sys.platform == "linux":
            os.sched_setaffinity(0, SYSTEM)  # of this thread alone
        while not self._ended.wait(PAUSE_SECONDS):
            began = time.thread_time()
            _work()
            self._samples.append((time.thread_time() - began) * 1000)

    def end(self) -> None:
        """Measure no more."""
        self._ended.set()


@contextmanager
def watching() -> Iterator[Pace]:
    """Measure the pace inside the block, by a thread that takes less than a hundredth of a core."""
    pace = Pace()
    thread = threading.Thread(target=pace.sample, daemon=True)
    thread.start()
    began, before = time.monotonic(), stolen_seconds()
    try:
        yield pace
    finally:
        pace.end()
        thread.join()
        if before is not None:
            seconds = (stolen_seconds() or before) - before
            pace.stolen = seconds / (len(SYSTEM) * (time.monotonic() - began))


def stolen_seconds(stat: Path = Path("/proc/stat")) -> float | None:
    """Return how many seconds of the system's cores others had since the start of this machine; None where
    that is not known.
    """
    if not stat.exists():
        return None
    lines = (line.split() for line in stat.read_text().splitlines())
    names = {f"cpu{core}" for core in SYSTEM}
    ticks = sum(int(words[STOLEN_FIELD]) for words in lines if words and words[0] in names)
    return ticks / os.sysconf("SC_CLK_TCK")


def _work() -> int:
    found = 0
    for number in range(STEPS):
        found += number * number % 7
    return found
