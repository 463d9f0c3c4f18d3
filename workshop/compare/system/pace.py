"""The pace of this machine: the CPU time of a fixed piece of work on the system's cores.

A virtual machine shares its processors with others, and a laptop slows down when it is hot: the same work may
take twice as long a minute later. Figures of different minutes are compared only after they are scaled to one
pace.
"""

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from workshop.compare.system.cores import SYSTEM

STEPS = 20_000
"""So much work takes one to two milliseconds."""

PAUSE_SECONDS = 0.25


class Pace:
    """Measured while the block of `watching` lasts."""

    def __init__(self) -> None:
        self._samples: list[float] = []
        self._ended = threading.Event()

    @property
    def ms(self) -> float | None:
        """The median CPU milliseconds of the work; None if there was no time for it."""
        return median(self._samples) if self._samples else None

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
    try:
        yield pace
    finally:
        pace.end()
        thread.join()


def _work() -> int:
    found = 0
    for number in range(STEPS):
        found += number * number % 7
    return found
