"""Breakers: whoever keeps failing is left alone for a moment."""

import random

CONSECUTIVE = 5
"""Failures one after another that open a breaker."""

WINDOW = 10.0
ENOUGH = 20
SHARE = 0.5
"""So large a share of at least ENOUGH calls within WINDOW seconds opens it as well."""

OPEN_SECONDS = (1.0, 2.0)
"""Between these it stays open, so that many gateways do not come back at the same moment."""


class Breaker:
    """Of one instance. Open it lets no call through; after a moment it lets one try, which decides."""

    __slots__ = ("_calls", "_failures", "_in_a_row", "_trying", "_until", "_window_end")

    def __init__(self) -> None:
        self._until: float | None = None
        self._trying = False
        self._in_a_row = self._calls = self._failures = 0
        self._window_end = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are kept back, but for one that tries."""
        return self._until is not None

    def allows(self, now: float) -> bool:
        """Whether a call may be made at the time `now`."""
        return self._until is None or (now >= self._until and not self._trying)

    def begin(self) -> bool:
        """A call is being made; whether it is the one that tries."""
        if self._until is not None:
            self._trying = True
        return self._trying

    def end(self, was_trying: bool) -> None:
        """A call is over, be it answered, not answered, or given up."""
        if was_trying:
            self._trying = False

    def succeed(self, now: float) -> None:
        """The call was answered."""
        if self._until is not None:
            self._until, self._trying = None, False
            self._calls = self._failures = 0
        self._in_a_row = 0
        self._count(now, 0)

    def fail(self, now: float) -> None:
        """The call was not answered, or not properly."""
        self._in_a_row += 1
        self._count(now, 1)
        is_bad = self._calls >= ENOUGH and self._failures >= SHARE * self._calls
        if self._until is not None or self._in_a_row >= CONSECUTIVE or is_bad:
            self.trip(now)

    def trip(self, now: float) -> None:
        """Open at once, as nobody listens there."""
        self._until = now + random.uniform(*OPEN_SECONDS)  # noqa: S311 - no secret
        self._trying = False

    def _count(self, now: float, failures: int) -> None:
        if now >= self._window_end:
            self._window_end, self._calls, self._failures = now + WINDOW, 0, 0
        self._calls += 1
        self._failures += failures
