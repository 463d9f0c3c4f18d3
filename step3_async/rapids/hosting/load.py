"""How much an instance has to do."""

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Load:
    """Counts the requests that `app` has in work; a WSGI application itself."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app
        self._lock = threading.Lock()
        self.now = 0

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The answer of the application."""
        self._add(1)
        try:
            return self._app(environ, start_response)
        finally:
            self._add(-1)

    def _add(self, change: int) -> None:
        with self._lock:
            self.now += change
