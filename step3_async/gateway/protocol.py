"""HTTP as uvicorn speaks it, but for two things that its clients and the kernel notice."""

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 3.0
"""Seconds that the answer to a client that has closed its own side may take: from here it looks like one that
has left.
"""


class OnePiece:
    """A transport on which the head of an answer leaves together with its body: in one call of the system and
    one packet rather than two, which is a good part of what an answer from the cache costs.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Send, but keep a head until what follows it."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 1"):
            self._head = data
            return
        self._transport.write(data)

    def close(self) -> None:
        """Send what is kept, and close."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class PatientProtocol(H11Protocol):
    """Answers clients that close their own side once they have asked; uvicorn's own drops their answers."""

    _gives_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """There is a connection."""
        super().connection_made(transport)
        self.transport = OnePiece(transport)  # type: ignore[assignment]

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
