"""Signals that end a command: recorded at once, and checked only where nothing is left half done.

An exception that a signal handler raises can come between the start of a server and the storing of its
process id, or while a first signal is handled; then a process would be left running. So the handler only
records the signal, and code that waits calls `check`.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _State:
    """The `number` of the signal that was received. `shields` counts the blocks that it must not interrupt.

    With `raises` the signal raises KeyboardInterrupt at once; `has_raised` says that it has.
    """

    number: int | None = None
    shields = 0
    raises = False
    has_raised = False


def install() -> None:
    """Record signals from now on. A hang-up that was ignored at the start, as by nohup, stays ignored."""
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, record)


def ignore() -> None:
    """Ignore signals from now on: everything is stopped, and only the process itself has to end."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def record(number: int, _frame: FrameType | None = None) -> None:
    """Record a signal. Only the first one counts."""
    if _State.number is None:
        _State.number = number
    _raise_once()


def exit_code() -> int:
    """Return the exit code of a command that a signal has ended, by the convention of shells."""
    return 128 + (_State.number or signal.SIGINT)


def received() -> int | None:
    """Return the signal that was received, None if there was none."""
    return _State.number


def check() -> None:
    """Raise KeyboardInterrupt when a signal was received, except within `shielded`."""
    if _State.number is not None and not _State.shields:
        raise KeyboardInterrupt


@contextmanager
def shielded() -> Iterator[None]:
    """Run the block to its end although a signal was received: it stops what was started."""
    _State.shields += 1
    try:
        yield
    finally:
        _State.shields -= 1
    if _State.number is not None:
        _raise_once()


@contextmanager
def interruptible() -> Iterator[None]:
    """Let the first signal raise KeyboardInterrupt anywhere in the block. Use it only where that does no
    harm.
    """
    check()
    _State.raises, _State.has_raised = True, False
    try:
        yield
    finally:
        _State.raises = False
    check()


def _raise_once() -> None:
    is_due = _State.raises and not _State.shields and not _State.has_raised
    if is_due and threading.current_thread() is threading.main_thread():
        _State.has_raised = True
        raise KeyboardInterrupt
