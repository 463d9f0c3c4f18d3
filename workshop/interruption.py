"""Signals that ask a command to end: noted at once, obeyed only where nothing is left half done.

An exception that a signal handler raises can come between the start of a server and the note of its process
id, or while a first signal is being obeyed; then something keeps running. So a handler only notes the
signal, and what waits asks for it with `obey`.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Noted:
    """What this process was asked; `shields` count the blocks that a signal does not break off."""

    number: int | None = None
    shields = 0
    raises = False
    has_raised = False


def watch() -> None:
    """Note signals from now on. A hang-up that was ignored at the start, as by nohup, stays so."""
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, note)


def finish() -> None:
    """Ignore signals from now on: everything is stopped, and only the process itself has to end."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def note(number: int, _frame: FrameType | None = None) -> None:
    """Note that a signal asked to end; the first one counts."""
    if _Noted.number is None:
        _Noted.number = number
    _raise_once()


def exit_code() -> int:
    """What a command exits with that a signal has ended, as shells tell it."""
    return 128 + (_Noted.number or signal.SIGINT)


def asked() -> int | None:
    """The signal that asked to end, if any did."""
    return _Noted.number


def obey() -> None:
    """Raise KeyboardInterrupt when a signal has asked to end, except within `shielded`."""
    if _Noted.number is not None and not _Noted.shields:
        raise KeyboardInterrupt


@contextmanager
def shielded() -> Iterator[None]:
    """Do what is in the block although a signal has asked to end: it stops what was started."""
    _Noted.shields += 1
    try:
        yield
    finally:
        _Noted.shields -= 1
    if _Noted.number is not None:
        _raise_once()


@contextmanager
def raising() -> Iterator[None]:
    """Have the first signal raise KeyboardInterrupt wherever the block is, which has to be fit for that."""
    obey()
    _Noted.raises, _Noted.has_raised = True, False
    try:
        yield
    finally:
        _Noted.raises = False
    obey()


def _raise_once() -> None:
    is_due = _Noted.raises and not _Noted.shields and not _Noted.has_raised
    if is_due and threading.current_thread() is threading.main_thread():
        _Noted.has_raised = True
        raise KeyboardInterrupt
