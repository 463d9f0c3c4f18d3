"""Leaving before the end: who is told to stop first says good-bye, so that nobody sends it more."""

import os
import queue
import signal
import threading
from collections.abc import Callable

import structlog

log = structlog.stdlib.get_logger(__name__)


def leave_before_draining(leave: Callable[[], None]) -> None:
    """Have SIGTERM call `leave` in a thread, while requests go on being answered, and only then do what it
    does in this process anyway. For the main thread.
    """
    drain = signal.getsignal(signal.SIGTERM)
    # A handler may interrupt the main thread while it holds any lock; this queue's put needs none.
    asked: queue.SimpleQueue[None] = queue.SimpleQueue()
    has_left = False

    def work() -> None:
        nonlocal has_left
        asked.get()
        try:
            leave()
        except Exception:
            log.exception("leaving failed")
        has_left = True
        os.kill(os.getpid(), signal.SIGTERM)

    def handle(number: int, frame: object) -> None:
        if not has_left:
            asked.put(None)
        elif callable(drain):
            drain(number, frame)  # type: ignore[arg-type]

    threading.Thread(target=work, name="leave", daemon=True).start()
    signal.signal(signal.SIGTERM, handle)
    signal.siginterrupt(signal.SIGTERM, False)
