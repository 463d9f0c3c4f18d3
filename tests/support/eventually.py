"""Polling with a deadline, so that no test sleeps longer than it must."""

import time
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

PAUSE = 0.02


def eventually(check: Callable[[], Result], deadline: float) -> Result:
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
