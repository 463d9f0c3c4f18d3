"""What a command did, told to whoever waits until everybody has seen it."""

from typing import Any

from flask import Flask, Response, g, has_request_context

from step3_async.rapids.headers import COMMAND
from step3_async.rapids.tracing import TRACEPARENT, current_traceparent


class Commands:
    """The journal (see `kit.journal`) of a service that owns `domain`."""

    def __init__(self, domain: str) -> None:
        self._domain = domain

    def stamp(self) -> dict[str, Any]:
        """The trace that the write belongs to."""
        return {TRACEPARENT: current_traceparent()}

    def note(self, key: str, revision: int) -> None:
        """Have the answer to the request tell what was written."""
        if has_request_context():
            g.command = f"{self._domain}:{revision}:{key}"


def tell_commands(app: Flask) -> None:
    """Have the answers of `app` to commands say what was written."""

    @app.after_request
    def tell(response: Response) -> Response:
        if "command" in g:
            response.headers[COMMAND] = g.command
        return response
