"""How many changes go into a batch: fewer where a taker cannot take them, more again later."""

from step2_services.replication.feed import MOST

FIRST_PATIENCE, LONGEST_PATIENCE = 2, 64
"""How many deliveries in a row must succeed before more is tried; twice as many after each failure."""

SLOW = 16
"""From this patience on failures are no chance, as where two deliveries meet."""


class BatchSize:
    """At most `most` changes at once, of MOST, down to a single one."""

    def __init__(self) -> None:
        self.most = MOST
        self._patience = FIRST_PATIENCE
        self._successes = 0

    @property
    def is_slow(self) -> bool:
        """Say whether the taker cannot take as much as it is meant to."""
        return self._patience >= SLOW

    def succeed(self) -> None:
        """Note that so many were taken."""
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
