"""How long to wait before something that keeps ending is started again."""

FIRST_SECONDS = 0.2
LONGEST_SECONDS = 60.0
AFTER_KILL_SECONDS = 5.0
"""The longest wait after somebody killed what may be well otherwise."""

WELL_SECONDS = 10.0


class Backoff:
    """Waits that double, until it has lived long enough to count as well."""

    def __init__(self) -> None:
        self.tries = 0
        """How often in a row it has not lived that long."""

    def after(self, lived: float, longest: float = LONGEST_SECONDS) -> float:
        """How many seconds to wait, at most `longest`, after it ended `lived` seconds after its start."""
        self.tries = 1 if lived >= WELL_SECONDS else self.tries + 1
        return min(FIRST_SECONDS * 2.0 ** min(self.tries - 1, 20), longest)
