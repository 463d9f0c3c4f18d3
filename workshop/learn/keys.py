"""Reads single keys from the terminal, without Enter."""

import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def single_keys() -> Iterator[None]:
    """Let keys arrive at once inside the block. Ctrl-C still ends the command."""
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def read_key(seconds: float) -> str | None:
    """Return the next key, None if none is pressed within `seconds`. When the terminal is gone, it is `q`."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return (sys.stdin.read(1) or "q") if ready else None
