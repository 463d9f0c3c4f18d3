"""gunicorn's worker without its master: one process that serves by itself.

gunicorn's master starts workers and replaces those that end. An instance of a service is one worker, and
whoever starts instances also replaces them: the workshop does, and so does Docker. There a master would only
take as much memory as its worker.
"""

import faulthandler
import os
import signal
import sys
import time
from typing import Any

from gunicorn.app.base import BaseApplication
from gunicorn.app.wsgiapp import WSGIApplication
from gunicorn.sock import create_sockets

from kit.server.worker import BufferingWorker

ALIVE_SECONDS = 1.0
"""How often the watchdog learns that the main loop runs."""

CLEANUP_SECONDS = 1
"""How long the process may take to end after the graceful timeout."""


class SingleWorker(BufferingWorker):
    """A worker that has no master to limit its time: it ends itself when it hangs or does not stop."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._alive_at = float("-inf")

    def notify(self) -> None:
        """Tell the watchdog that the main loop runs.

        After `timeout` seconds without a call it prints where each thread is, and ends the process with exit
        code 1. It needs nothing of Python, so it also works while a thread never releases the interpreter.
        """
        now = time.monotonic()
        if self.timeout and now - self._alive_at >= ALIVE_SECONDS:
            self._alive_at = now
            faulthandler.dump_traceback_later(self.timeout, exit=True)

    def is_parent_alive(self) -> bool:
        """Return True: whoever started this process may end."""
        return True

    def handle_exit(self, sig: int, frame: object) -> None:
        """Begin to drain. SIGALRM ends the process with those requests that take too long."""
        self._limit_the_end()
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: object) -> None:
        """End without draining. Requests that a thread handles already may be finished."""
        self._limit_the_end()
        super().handle_quit(sig, frame)

    def _limit_the_end(self) -> None:
        signal.alarm(self.cfg.graceful_timeout + CLEANUP_SECONDS)


class _SingleProcess(BaseApplication):  # type: ignore[misc]
    def run(self) -> None:
        """Serve until a signal ends the process. A problem is printed, and gives the exit code 1."""
        if self.cfg.workers != 1:
            sys.exit(f"Error: kit.server has one worker. Set `workers` to 1; it is {self.cfg.workers}.")
        try:
            self.cfg.on_starting(self)
        except RuntimeError as error:
            sys.exit(f"Error: {error}")
        log = self.cfg.logger_class(self.cfg)
        listeners = create_sockets(self.cfg, log)
        log.info("Listening at: %s (%s)", ",".join(map(str, listeners)), os.getpid())
        worker = SingleWorker(1, os.getppid(), listeners, self, self.cfg.timeout, self.cfg, log)
        worker.pid = os.getpid()
        try:
            worker.init_process()
        except Exception as error:
            log.exception("The application failed")
            sys.exit(f"Error: {error}")
        finally:
            if worker.booted:
                self.cfg.worker_exit(self, worker)


class Server(WSGIApplication, _SingleProcess):  # type: ignore[misc]
    """gunicorn's command line and configuration files.

    Of the hooks it calls `on_starting`, `post_worker_init` and `worker_exit`. gunicorn's own `run` prepares
    the process; where it would make a master, it calls the `run` above.
    """
