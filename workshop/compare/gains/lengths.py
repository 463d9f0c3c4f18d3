"""How long arms take to start and to stop."""

from collections.abc import Sequence

STEPS = ("0", "1", "2", "3")
"""The arms that are different programs."""

WITH_SERVICES = ("2", "3")
SECONDS = {"0": 12.0, "1": 14.0, "2": 20.0, "3": 26.0}
"""From the load of posts to the end of the last process, without what is measured in between."""


def start_seconds(arms: Sequence[str]) -> float:
    """Return how long it takes to start and to stop each of the arms once, about."""
    return sum(SECONDS[each[0]] for each in arms)
