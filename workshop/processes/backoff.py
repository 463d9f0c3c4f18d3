"""Exponential backoff for what is restarted."""

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 60.0
AFTER_KILL_SECONDS = 5.0
"""The longest wait for a process that was killed, as it may be healthy otherwise."""

STABLE_SECONDS = 10.0
"""What ran this long counts as healthy, and the waits begin again."""


class Backoff:
    """Waits that double with each failure in a row."""

    def __init__(self) -> None:
        self.failures = 0
        """How many times in a row it ended before it was stable."""

    def next_wait(self, ran: float, longest: float = LONGEST_SECONDS) -> float:
        """Return the seconds to wait, at most `longest`, after something ended that `ran` so many seconds."""
        self.failures = 1 if ran >= STABLE_SECONDS else self.failures + 1
        return min(FIRST_SECONDS * 2.0 ** min(self.failures - 1, 20), longest)
