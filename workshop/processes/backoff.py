"""How long to wait before something that keeps ending is started again."""

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 5.0
WELL_SECONDS = 10.0


class Backoff:
    """Waits that double, until it has lived long enough to count as well."""

    def __init__(self) -> None:
        self._next = FIRST_SECONDS

    def after(self, lived: float) -> float:
        """How many seconds to wait now that it has ended, `lived` seconds after its start."""
        wait = FIRST_SECONDS if lived >= WELL_SECONDS else self._next
        self._next = min(2 * wait, LONGEST_SECONDS)
        return wait
