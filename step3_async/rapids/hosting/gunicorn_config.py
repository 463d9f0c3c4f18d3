"""The settings of gunicorn for instances that are in the registry.

A configuration file imports these names and sets `bind`.
"""

import os
import queue
import signal
import threading
from collections.abc import Callable
from typing import Any

import structlog

from kit.server import config as serving
from kit.server.config import *  # noqa: F403
from step3_async.rapids.hosting.host import EXTENSION

workers = 1
"""Each instance is in the registry by its own name. A service that needs more gets another instance."""

log = structlog.stdlib.get_logger(__name__)


def post_worker_init(worker: Any) -> None:  # type: ignore[no-redef]
    """Make a worker leave the registry before it stops."""
    serving.post_worker_init(worker)
    leave_before_draining(worker.wsgi.extensions[EXTENSION].leave)


def worker_exit(_server: Any, worker: Any) -> None:
    """Stop the host of a worker, which runs beside its requests."""
    if worker.wsgi is not None:
        worker.wsgi.extensions[EXTENSION].stop()


def leave_before_draining(leave: Callable[[], None]) -> None:
    """On SIGTERM call `leave` in a thread while requests are still served, and only then stop the worker.

    Call it in the main thread. A service that is replaced under load fails requests without it (see
    `tests/drills/test_step3_replaced.py`).
    """
    drain = signal.getsignal(signal.SIGTERM)
    # A handler may interrupt the main thread while it holds any lock; putting into this queue needs none.
    signalled: queue.SimpleQueue[None] = queue.SimpleQueue()
    has_left = False

    def work() -> None:
        nonlocal has_left
        signalled.get()
        try:
            leave()
        except Exception:
            log.exception("leaving failed")
        has_left = True
        os.kill(os.getpid(), signal.SIGTERM)

    def handle(number: int, frame: object) -> None:
        if not has_left:
            signalled.put(None)
        elif callable(drain):
            drain(number, frame)  # type: ignore[arg-type]

    threading.Thread(target=work, name="leave", daemon=True).start()
    signal.signal(signal.SIGTERM, handle)
    signal.siginterrupt(signal.SIGTERM, False)
