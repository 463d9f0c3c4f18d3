"""Conventions of terminals: colours, encodings, and readers that close a pipe."""

import codecs
import contextlib
import errno
import os
import signal
import sys
from typing import TextIO

from workshop import signals

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
"""Replacements for characters that a terminal's encoding lacks. Others become question marks."""


def fit_encoding() -> None:
    """Replace characters that the terminal's encoding lacks, so that printing never fails."""
    codecs.register_error("plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="plain")


def has_colours(stream: TextIO) -> bool:
    """Return whether the stream is a terminal that shows colours, and NO_COLOR is not set
    (https://no-color.org).
    """
    return can_redraw(stream) and not os.environ.get("NO_COLOR")


def can_redraw(stream: TextIO) -> bool:
    """Return whether the stream is a terminal on which a program can overwrite lines."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def write(text: str) -> None:
    """Print a line. When the reader has closed the pipe, end like after a signal; when the terminal is gone,
    go on without output.
    """
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_reader()
        signals.record(signal.SIGPIPE)
    except OSError as error:
        if error.errno == errno.EIO:
            _forget_reader()


def _forget_reader() -> None:
    """Send the rest of the output nowhere; otherwise Python complains about it at its end."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(PLAIN.get(each, "?") for each in error.object[error.start : error.end]), error.end
