"""The size of batches: smaller where a taker cannot apply them, larger again later."""

from step2_services.replication.feed import MOST

FIRST_PATIENCE, LONGEST_PATIENCE = 2, 64
"""How many deliveries in a row must succeed before a larger batch is tried; doubled after each failure."""

SLOW = 16
"""From this patience on failures are no accident, such as two deliveries at the same time."""


class BatchSize:
    """The most changes in a batch: `most`, between MOST and a single one."""

    def __init__(self) -> None:
        self.most = MOST
        self._patience = FIRST_PATIENCE
        self._successes = 0

    @property
    def is_slow(self) -> bool:
        """Return whether the taker cannot apply batches of the intended size."""
        return self._patience >= SLOW

    def succeed(self) -> None:
        """Note that so many were applied."""
        self._successes += 1
        if self.most == MOST:
            self._patience = FIRST_PATIENCE
        elif self._successes >= self._patience:
            self._successes = 0
            self.most = min(MOST, 2 * self.most)

    def fail(self) -> None:
        """Note that so many were too many."""
        self._successes = 0
        self._patience = min(LONGEST_PATIENCE, 2 * self._patience)
        self.most = max(1, self.most // 2)
