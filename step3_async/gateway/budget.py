"""A budget of retries, so that they cannot multiply the load of a system that is failing."""

import time
from collections.abc import Callable

SHARE = 0.2
"""Retries for each call."""

RESERVE = 10.0
"""Retries for when there are few calls."""

MOST = 100.0


class RetryBudget:
    """A bucket of tokens: calls put a share of one in, each retry takes one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = RESERVE
        self._clock = clock
        self._filled = clock()

    def earn(self) -> None:
        """A call is being made."""
        if self._tokens < MOST:
            self._tokens += SHARE

    def spend(self) -> bool:
        """Whether there is a token for a retry, which is taken."""
        now = self._clock()
        if self._tokens < RESERVE:
            self._tokens = min(RESERVE, self._tokens + now - self._filled)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
