"""SMTP that hangs when it is told to: each mail gets its reply only after some time."""

import asyncio
from contextlib import suppress

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

LONGEST_SECONDS = 600.0
"""For so long a client has to wait for the reply to a mail (RFC 5321, 4.5.3.2.6). Most give up sooner."""


class Hang:
    """How long a mail waits for its reply: 0 seconds at first. Made in the event loop of SMTP; `set` may be
    called in any thread.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self.seconds = 0.0
        self.waiting = 0
        """How many mails wait at the moment."""

    async def wait(self) -> None:
        """Wait as long as a mail has to. A change counts at once, also for mails that wait already."""
        began = self._loop.time()
        self.waiting += 1
        try:
            while (left := began + self.seconds - self._loop.time()) > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), left)
        finally:
            self.waiting -= 1

    def set(self, seconds: float) -> None:
        """Let mails wait for so long from now on. When this returns it holds."""
        asyncio.run_coroutine_threadsafe(self._set(seconds), self._loop).result()

    async def _set(self, seconds: float) -> None:
        self.seconds = seconds
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def hang_api(hang: Hang) -> Blueprint:
    """Return the routes of /hang. Mailpit has none like them."""
    routes = Blueprint("hang", __name__, url_prefix="/api/hang")

    @routes.get("")
    def show() -> Response:
        return jsonify(seconds=hang.seconds, waiting=hang.waiting)

    @routes.put("")
    def start() -> Response:
        body = request.get_json(force=True)
        seconds = body.get("seconds") if isinstance(body, dict) else None
        # JSON's true is a number to Python.
        if not isinstance(seconds, int | float) or seconds is True or not 0 < seconds <= LONGEST_SECONDS:
            raise BadRequest(f'Send {{"seconds": …}} with more than 0 and at most {LONGEST_SECONDS:.0f}.')
        hang.set(float(seconds))
        return show()

    @routes.delete("")
    def undo() -> Response:
        hang.set(0.0)
        return show()

    return routes
