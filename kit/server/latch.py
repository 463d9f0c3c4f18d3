"""A latch: a flag that can be set once and never reset, shared by all workers of a server."""

import mmap


class Latch:
    """A flag in memory that processes share.

    Make it before the server forks its workers: when one worker sets it, it is set for the others, too, and
    for workers that start later.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 1)

    def set(self) -> None:
        """Set it for ever."""
        self._memory[0] = 1

    @property
    def is_set(self) -> bool:
        """Whether it has been set."""
        return self._memory[0] == 1
