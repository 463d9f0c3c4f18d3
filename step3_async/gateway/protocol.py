"""HTTP as uvicorn speaks it, but for what its clients and the kernel notice: whole packets, patience with
those who close their own side, and little with those who take their time.
"""

import asyncio
from http import HTTPStatus
from typing import Any

import h11
import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol

from kit.http.errors import error_body
from step3_async.gateway.lobby import Lobby

SEE_OUT_SECONDS = 10.0
SLOWEST = 32 * 1024
"""Bytes that a client takes of its last answer in so many seconds, or it is cut off."""

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
    """Answers clients that close their own side once they have asked; uvicorn's own drops their answers.

    Those who are yet to ask wait in the `lobby`. A head that is begun must come in time, however it trickles.
    """

    _gives_up: asyncio.TimerHandle | None = None
    _cuts_off: asyncio.TimerHandle | None = None

    def __init__(self, *args: Any, lobby: Lobby, **options: Any) -> None:
        super().__init__(*args, **options)
        self._lobby = lobby

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """There is a connection."""
        super().connection_made(transport)
        self.transport = OnePiece(transport)  # type: ignore[assignment]
        self._lobby.enter(self)
        # Silence is borne as long before the first request as between two.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        """Something has come."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """An answer is on its way."""
        super().on_response_complete()
        self._look()

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
        self._lobby.leave(self)
        for timer in (self._gives_up, self._cuts_off):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that is used no more."""
        super().timeout_keep_alive_handler()
        self._see_out()

    def show_out(self) -> None:
        """Close it, as others need the room."""
        self.transport.close()
        self._see_out()

    def _look(self) -> None:
        """Note whether it waits, and since when for what has begun."""
        cycle = self.cycle
        is_between = cycle is None or cycle.response_complete
        if self.transport.is_closing() or not (is_between or cycle.more_body):
            self._lobby.leave(self)
            self._stop_clock()
            return
        self._lobby.enter(self)
        # Of a request that was answered before its body had come, the rest must come in time as well.
        has_begun = self.conn.their_state is not h11.IDLE or bool(self.conn.trailing_data[0])
        if not (is_between and has_begun):
            self._stop_clock()
        elif self._cuts_off is None:
            self._cuts_off = self.loop.call_later(self._lobby.seconds, self._cut_off)

    def _stop_clock(self) -> None:
        if self._cuts_off is not None:
            self._cuts_off.cancel()
            self._cuts_off = None

    def _cut_off(self) -> None:
        if self.transport.is_closing():
            return
        if self.conn.our_state is h11.IDLE:
            status = HTTPStatus.REQUEST_TIMEOUT
            body = orjson.dumps(error_body(status, "The request took too long to come.", None))
            about = [("content-type", "application/json"), ("content-length", str(len(body)))]
            headers = [*about, ("connection", "close")]
            head = h11.Response(status_code=status, headers=headers, reason=status.phrase.encode())
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
        self._see_out()

    def _see_out(self, before: int | None = None) -> None:
        """Have a connection that is closing end, if its client takes too long over what is left to send."""
        left = self.transport.get_write_buffer_size()
        if not left:
            return
        if before is not None and before - left < SLOWEST:
            self.transport.abort()
        else:
            self.loop.call_later(SEE_OUT_SECONDS, self._see_out, left)
