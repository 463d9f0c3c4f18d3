"""Polling with a deadline, so that no test sleeps longer than it must."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

PAUSE = 0.02
PATIENCE = 60.0
"""Seconds after which something hangs, on the slowest machine; no measure of how soon it should be."""


def eventually(check: Callable[[], Result], deadline: float = PATIENCE) -> Result:
    """The result of `check` once it raises no AssertionError any more.

    It is tried at least once, and for the last time after `deadline` seconds; then its error is raised.
    """
    end = time.monotonic() + deadline
    while True:
        last = time.monotonic() >= end
        try:
            return check()
        except AssertionError:
            if last:
                raise
        time.sleep(min(PAUSE, max(0.0, end - time.monotonic())))
