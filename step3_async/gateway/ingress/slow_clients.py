"""Limit slow clients, so that they do not take the place of others.

uvicorn sets no limit to connections that send nothing or trickle, and drops the response to a client that
closes its own side early. Each method names the test in tests/step3/test_gateway_slow_clients.py that fails
without it.
"""

import asyncio
import resource
from http import HTTPStatus
from typing import Any

import h11
import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol

from kit.http.errors import error_body

HALF_CLOSED_SECONDS = 3.0
"""How long to keep a connection whose client has closed its own side: the client may have left altogether."""

ENOUGH_FILES = 65_536
SHARE_OF_FILES = 2
"""One in so many of the process's open files may be a waiting connection. The others are for connections to
services.
"""


class WaitingConnections:
    """Connections that have not sent their request or its body yet. They do not count as requests in flight.

    There may be `most` of them. If there are more, the one that has waited longest is closed, so that new
    clients can connect: test_oldest_of_too_many_waiting_connections_is_closed.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting: dict[asyncio.Transport, None] = {}  # the one that has waited longest comes first

    def add(self, connection: asyncio.Transport) -> None:
        """Add a connection that waits from now on."""
        self._waiting.setdefault(connection)
        if len(self._waiting) > self._most:
            longest = next(iter(self._waiting))
            del self._waiting[longest]
            longest.abort()

    def remove(self, connection: asyncio.Transport) -> None:
        """Remove a connection whose request is being handled, or that has ended."""
        self._waiting.pop(connection, None)


def affordable_connections(wanted: int) -> int:
    """Return how many of the `wanted` connections may wait, as each needs one of the process's open files."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = ENOUGH_FILES if most == resource.RLIM_INFINITY else min(most, ENOUGH_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return max(1, min(wanted, files // SHARE_OF_FILES))


class SlowClientProtocol(H11Protocol):
    """uvicorn's protocol, with limits for slow clients."""

    def __init__(self, *args: Any, waiting: WaitingConnections, head_seconds: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._waiting, self._head_seconds = waiting, head_seconds
        self._head_ends_at: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Limit silence, as uvicorn does between two requests: test_a_silent_connection_is_closed."""
        super().connection_made(transport)
        self._waiting.add(transport)
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._update()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._update()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Keep the connection for a moment while a request that came whole is handled:
        test_half_closed_connection_gets_its_response.
        """
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body:
            return None
        cycle.keep_alive = False
        self.loop.call_later(HALF_CLOSED_SECONDS, self.transport.close)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._waiting.remove(self.transport)
        super().connection_lost(exc)

    def _update(self) -> None:
        """Note what the connection waits for, and limit the time of a head."""
        if self.transport.is_closing():
            return
        cycle = self.cycle
        is_between = cycle is None or cycle.response_complete
        if is_between or cycle.more_body:
            self._waiting.add(self.transport)
        else:
            self._waiting.remove(self.transport)
        # What is left of a request that got its response early must come in time as well:
        # test_client_that_still_trickles_after_its_response_is_cut_off.
        has_begun = self.conn.their_state is not h11.IDLE or bool(self.conn.trailing_data[0])
        if not (is_between and has_begun):
            self._head_ends_at = None
        else:
            self._head_ends_at = self._head_ends_at or self.loop.time() + self._head_seconds
            # In the place of uvicorn's own timer, which each piece of a head would set back.
            self._unset_keepalive_if_required()
            self.timeout_keep_alive_task = self.loop.call_at(self._head_ends_at, self._cut_off)

    def _cut_off(self) -> None:
        """End a head that takes too long: test_a_client_that_trickles_is_cut_off."""
        if not self.transport.is_closing() and self.conn.our_state is h11.IDLE:
            status = HTTPStatus.REQUEST_TIMEOUT
            body = orjson.dumps(error_body(status, "The request took too long to come.", None))
            about = [("content-type", "application/json"), ("content-length", str(len(body)))]
            headers = [*about, ("connection", "close")]
            head = h11.Response(status_code=status, headers=headers, reason=status.phrase.encode())
            for event in (head, h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
