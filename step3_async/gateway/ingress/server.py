"""The HTTP server: uvicorn, on the socket of the face and on one that is this instance's own."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType

import uvicorn

from step3_async.gateway.app import Gateway
from step3_async.gateway.ingress.slow_clients import (
    SlowClientProtocol,
    WaitingConnections,
    affordable_connections,
)
from step3_async.gateway.settings import GatewaySettings

BACKLOG = 2048
KEPT_SECONDS = 30
"""How long idle connections are kept: longer than clients that are likely to use them again keep theirs."""

UNREAD_SECONDS = 30
"""After this time the kernel closes a connection whose client does not read what was sent to it (on
Linux).
"""

DRAIN_SECONDS = 0.5
"""How long the server goes on for clients to learn, with their next response, that their connection
closes.
"""

GRACE_SECONDS = 12
"""How long to wait for requests in flight: longer than any of them may take."""


class Server(uvicorn.Server):
    """uvicorn's server. On a signal the instance first leaves the registry, then drains, then stops."""

    def __init__(
        self, gateway: Gateway, settings: GatewaySettings, leave: Callable[[], Awaitable[None]]
    ) -> None:
        protocol = partial(
            SlowClientProtocol,
            waiting=WaitingConnections(affordable_connections(settings.waiting_at_once)),
            head_seconds=settings.head_seconds,
        )
        super().__init__(
            uvicorn.Config(
                gateway.app,
                http=protocol,  # type: ignore[arg-type]
                loop="asyncio",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEPT_SECONDS,
                timeout_graceful_shutdown=GRACE_SECONDS,
                backlog=BACKLOG,
            )
        )
        self._handler, self._leave = gateway.handler, leave
        self._stopping: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop, in the loop of the server: a signal may come in the middle of anything."""
        asyncio.get_running_loop().call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop_gently())

    async def _stop_gently(self) -> None:
        try:
            await self._leave()
            for server in self.servers:
                server.close()
            self._handler.draining = True
            await asyncio.sleep(DRAIN_SECONDS)
        finally:
            self.should_exit = True


def face_socket(settings: GatewaySettings) -> socket.socket:
    """Return the socket of the face. Raises OSError.

    The process that started this one may hold a socket for all gateways, so that clients can connect while no
    gateway is up.
    """
    if settings.listen_fd is None:
        return bound_socket(settings.step3_host, settings.step3_port)
    return _prepared(socket.socket(fileno=settings.listen_fd))


def bound_socket(host: str, port: int) -> socket.socket:
    """Return a socket that will listen there. Raises OSError."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    # asyncio sends without delay only where the protocol is named.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    return _prepared(made)


def _prepared(made: socket.socket) -> socket.socket:
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
    return made
