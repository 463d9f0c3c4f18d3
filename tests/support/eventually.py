"""Poll with a deadline, so that no test sleeps longer than necessary."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

Result = TypeVar("Result")

SHORTEST, LONGEST = 0.01, 0.25
GROWTH = 1.3
PATIENCE = 60.0
"""Seconds after which something hangs, even on the slowest machine; no claim about how soon it should be."""


def pauses() -> Iterator[float]:
    """Yield the seconds between attempts. They grow, as frequent attempts would slow down the system."""
    pause = SHORTEST
    while True:
        yield pause
        pause = min(pause * GROWTH, LONGEST)


def eventually(check: Callable[[], Result], deadline: float = PATIENCE) -> Result:
    """Return the result of `check` as soon as it raises no AssertionError.

    It is called at least once, and for the last time after `deadline` seconds; then its error is raised.
    """
    end, waits = time.monotonic() + deadline, pauses()
    while True:
        last = time.monotonic() >= end
        try:
            return check()
        except AssertionError:
            if last:
                raise
        time.sleep(min(next(waits), max(0.0, end - time.monotonic())))


def holds(check: Callable[[], bool]) -> Callable[[], None]:
    """Return an assertion of `check` for `eventually`."""

    def assert_it() -> None:
        assert check()

    return assert_it


def is_true_within(seconds: float, check: Callable[[], bool]) -> bool:
    """Return whether `check` becomes true in this time."""
    end, waits = time.monotonic() + seconds, pauses()
    while not check():
        if time.monotonic() > end:
            return False
        time.sleep(next(waits))
    return True
