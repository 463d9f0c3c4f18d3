"""The size of batches: smaller if a taker cannot apply them, and larger again later."""

from step2_services.replication.feed import MOST

FIRST_PATIENCE, LONGEST_PATIENCE = 2, 64
"""How many deliveries must succeed before a larger batch is tried: doubled after each failure, at most the
second number.
"""

SLOW = 16
"""With this patience or more, failures are no longer accidents such as two deliveries at the same time."""


class BatchSize:
    """The most changes that a batch may have now: `most`, from 1 to MOST."""

    def __init__(self) -> None:
        self.most = MOST
        self._patience = FIRST_PATIENCE
        self._successes = 0

    @property
    def is_slow(self) -> bool:
        """Whether the taker repeatedly could not apply batches of the intended size."""
        return self._patience >= SLOW

    def succeed(self) -> None:
        """Note that a batch of at most this size was applied."""
        self._successes += 1
        if self.most == MOST:
            self._patience = FIRST_PATIENCE
        elif self._successes >= self._patience:
            self._successes = 0
            self.most = min(MOST, 2 * self.most)

    def fail(self) -> None:
        """Note that a batch of this size was too large, and make the next ones half as large."""
        self._successes = 0
        self._patience = min(LONGEST_PATIENCE, 2 * self._patience)
        self.most = max(1, self.most // 2)
