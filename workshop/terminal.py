"""Conventions of terminals: colours, encodings, and readers that go away."""

import codecs
import contextlib
import errno
import os
import signal
import sys
from typing import TextIO

from workshop import interruption

PLAIN = {
    "…": "...",
    "–": "-",
    "—": "-",
    "’": "'",
    "“": '"',
    "”": '"',
    "→": "->",
    "×": "x",
    "≥": ">=",
    "\u00a0": " ",
}
"""What stands for characters that a terminal's encoding lacks; for others it is a question mark."""


def fit_encoding() -> None:
    """Let nothing that is printed fail because the terminal has another encoding."""
    codecs.register_error("plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plain")


def has_colours(stream: TextIO) -> bool:
    """Whether it is a terminal that shows colours, and nobody asked for none (https://no-color.org)."""
    return can_redraw(stream) and not os.environ.get("NO_COLOR")


def can_redraw(stream: TextIO) -> bool:
    """Whether it is a terminal that lets one write over what stands there."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def write(text: str) -> None:
    """Print a line. Whoever closes a pipe asks us to end; a terminal that is gone keeps us from nothing."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_reader()
        interruption.note(signal.SIGPIPE)
    except OSError as error:
        if error.errno == errno.EIO:
            _forget_reader()


def _forget_reader() -> None:
    """What is still to be written goes nowhere, else Python complains of it at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(each, "?") for each in error.object[error.start : error.end]), error.end
