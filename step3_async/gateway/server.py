"""Serving the face on its socket, and the instance's own views on another."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from types import FrameType

import uvicorn

from step3_async.gateway import settings
from step3_async.gateway.face import Face
from step3_async.gateway.lobby import Lobby, room_for
from step3_async.gateway.protocol import PatientProtocol

BACKLOG = 2048
KEPT_SECONDS = 30
"""How long idle connections are kept: longer than those who are likely to use them again keep theirs."""

DRAIN_SECONDS = 0.5
"""For clients to hear, with the answer to what they ask next, that their connection closes."""

GRACE_SECONDS = 12
"""For requests in work: longer than any may take."""


class Server(uvicorn.Server):
    """uvicorn's, which on a signal first leaves, then drains, then stops."""

    def __init__(self, face: Face, leave: Callable[[], Awaitable[None]]) -> None:
        lobby = Lobby(room_for(settings.get_waiting_at_once()), settings.get_head_seconds())
        super().__init__(
            uvicorn.Config(
                face,
                http=partial(PatientProtocol, lobby=lobby),  # type: ignore[arg-type]
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
        self._face, self._leave = face, leave
        self._stopping: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; see uvicorn."""
        self._loop.call_soon_threadsafe(self.stop)

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal ends it; see uvicorn."""
        self._loop = asyncio.get_running_loop()
        await super().serve(sockets)

    def stop(self) -> None:
        """Begin to stop, from the loop that it serves in."""
        if self._stopping is None:
            self._stopping = asyncio.create_task(self._stop_gently())

    async def _stop_gently(self) -> None:
        try:
            await self._leave()
            for server in self.servers:
                server.close()
            self._face.draining = True
            await asyncio.sleep(DRAIN_SECONDS)
        finally:
            self.should_exit = True


def face_socket() -> socket.socket:
    """The socket of the face: the one that whoever started this process holds for all gateways, if there is
    one, so that none of them need be up for clients to connect. Raises OSError.
    """
    held = settings.get_listen_fd()
    if held is not None:
        return socket.socket(fileno=held)
    return bound(settings.get_host(), settings.get_port())


def bound(host: str, port: int) -> socket.socket:
    """A socket that will listen there. Raises OSError."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    # asyncio sends without delay only where the protocol is named.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
    except OSError:
        made.close()
        raise
    made.set_inheritable(False)
    return made
