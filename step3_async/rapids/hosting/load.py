"""The load of an instance: the number of its requests in flight."""

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Load:
    """A WSGI application around `app` that counts the requests in flight: `now` is their number."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._lock = threading.Lock()
        self.now = 0

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Let the application respond, and count the request meanwhile."""
        self._add(1)
        try:
            return self._app(environ, start_response)
        finally:
            self._add(-1)

    def _add(self, change: int) -> None:
        with self._lock:
            self.now += change
