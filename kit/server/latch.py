"""What is so from some time on, for good."""

import mmap


class Latch:
    """Open until it is shut, and then shut for good.

    The workers that a server forks share one that was made before: what one of them has seen the others know,
    and so does one that is started later.
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
