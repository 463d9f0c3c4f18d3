"""Reads single keys from the terminal, without Enter."""

import os
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
    if not ready:
        return None
    # Not by sys.stdin, which would also take the keys behind it, and then `select` would not see them.
    try:
        return os.read(sys.stdin.fileno(), 1).decode(errors="replace") or "q"
    except OSError:
        return "q"
