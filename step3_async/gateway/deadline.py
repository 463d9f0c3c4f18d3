"""How long a request may still take, with all that is called for it."""

import time

HEADER = "Deadline-Ms"
"""Travels with each call: the milliseconds that its caller still has."""

LONGEST = 7
"""Digits of a deadline that makes sense."""


class Deadline:
    """The end of a request's time."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left, 0 when it is past."""
        return max(0.0, self._end - time.monotonic())

    def milliseconds(self, most: float) -> str:
        """What is left, or `most` seconds if that is less, as it travels."""
        return str(int(min(self.left(), most) * 1000))


def deadline_of(told: bytes | None, seconds: float) -> Deadline:
    """The deadline of a request that may take `seconds`, or less if its caller has told so."""
    if told is not None and told.isdigit() and len(told) <= LONGEST:
        seconds = min(seconds, int(told) / 1000)
    return Deadline(seconds)
