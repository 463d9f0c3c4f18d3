"""Whether processes run, of whomever they are children."""

import time
from collections.abc import Sequence

import psutil


def runs(process: psutil.Process) -> bool:
    """Whether it does; one that has ended and that nobody has asked about does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def await_end(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until processes have ended; those that have not."""
    # psutil.wait_procs fails on one that ends while it looks.
    deadline = time.monotonic() + seconds
    while (left := [each for each in processes if runs(each)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
