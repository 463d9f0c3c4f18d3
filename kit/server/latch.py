"""A flag that can be set once, for all workers of a server."""

import mmap


class Latch:
    """Open until it is shut, and then shut for ever.

    The workers that a server forks share a latch that was made before: when one worker shuts it, it is shut
    for the others, and for workers that start later.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 1)

    def shut(self) -> None:
        """Shut it."""
        self._memory[0] = 1

    @property
    def is_shut(self) -> bool:
        """Whether it has been shut."""
        return self._memory[0] == 1
