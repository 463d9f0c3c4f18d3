"""The end of processes, whoever started them."""

import time
from collections.abc import Sequence

import psutil


def is_running(process: psutil.Process) -> bool:
    """Return whether a process runs. A zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def await_exit(processes: Sequence[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until the processes have ended. Return those that have not."""
    # psutil.wait_procs fails on one that ends while it looks.
    deadline = time.monotonic() + seconds
    while (left := [each for each in processes if is_running(each)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
