"""HTTP as uvicorn speaks it, but for clients that close their own side once they have asked."""

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 3.0
"""Seconds that the answer to such a client may take: from here they look like those that have left."""


class PatientProtocol(H11Protocol):
    """uvicorn's own drops the answer as soon as the client has sent all it has to send."""

    _gives_up: asyncio.TimerHandle | None = None

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Whether to keep the connection: while a whole request is being answered, then to close it."""
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            return None
        cycle.keep_alive = False
        self._gives_up = self.loop.call_later(PATIENCE, self.transport.close)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is no more."""
        if self._gives_up is not None:
            self._gives_up.cancel()
        super().connection_lost(exc)
