"""gunicorn's threaded worker, made safe against slow clients.

gunicorn gives each connection a thread, which waits for the request: as many half requests as there are
threads keep everybody else out for good. This worker buffers requests without a thread until they are
complete. A body in chunks, whose end is unknown, may occupy a thread for some seconds only, and so may a
response that the client does not read. Closing a connection needs no thread.
"""

import contextlib
import errno
import re
import select
import socket
import struct
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from typing import Any

import orjson
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import TConn, ThreadWorker
from werkzeug.exceptions import RequestTimeout

from kit.http.bodies import LARGEST_BODY
from kit.http.errors import error_body

REQUEST_SECONDS = 20.0
"""How long a request may take to come, from its first byte to its last."""

SEND_SECONDS = 20
"""How long a client may read nothing of its response."""

LINGER_SECONDS = 2.0
"""How long a connection stays open for the client to read its last response: if it were closed at once, the
response could be lost (RFC 9112, 9.6).
"""

PIECE = 65_536
LARGEST_HEAD = 65_536

TIMEOUT_BODY = orjson.dumps(
    error_body(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to come.", None)
)
TIMEOUT_RESPONSE = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(TIMEOUT_BODY), TIMEOUT_BODY)
)

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect:", re.IGNORECASE)


def is_whole(received: bytearray) -> bool:
    """Return whether a request is complete, as far as that is visible without parsing it."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return len(received) > LARGEST_HEAD
    body = end + 4
    length = _LENGTH.search(received, 0, body)
    if length is None or _EXPECT.search(received, 0, body):
        return True
    size = int(length[1])
    return size > LARGEST_BODY or len(received) - body >= size


class DeadlineSocket:
    """A socket from which a thread can read only until a deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._end: float | None = None
        self._problem: Callable[[], Exception] = NoMoreData

    def until(self, end: float | None, problem: Callable[[], Exception] = NoMoreData) -> None:
        """Set the error that `recv` raises when nothing has come by `end`; None for no deadline."""
        self._end, self._problem = end, problem

    def recv(self, size: int) -> bytes:
        if self._end is not None:
            waiting = select.poll()
            waiting.register(self._sock, select.POLLIN)
            if not waiting.poll(max(0.0, self._end - time.monotonic()) * 1000):
                raise self._problem()
        return self._sock.recv(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class Connection(TConn):  # type: ignore[misc]
    """A connection. `received` is the part of its next request that has come so far."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.received = bytearray()
        self.deadline_socket: DeadlineSocket | None = None

    def take(self) -> DeadlineSocket:
        """Give gunicorn's parser what has come, and return the socket from which a thread reads the rest."""
        self.data_ready = True
        self.init()
        if self.deadline_socket is None:
            self.deadline_socket = self.parser.unreader.sock = DeadlineSocket(self.sock)
        self.parser.unreader.unread(bytes(self.received))
        self.received.clear()
        return self.deadline_socket


class BufferingWorker(ThreadWorker):  # type: ignore[misc]
    """Buffers requests in the loop of its main thread, and gives complete ones to threads.

    When there are too many connections, those that have waited longest are closed.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Each in the order of its ends, as all wait equally long.
        self._silent: OrderedDict[Connection, float] = OrderedDict()
        self._arriving: OrderedDict[Connection, float] = OrderedDict()
        self._lingering: OrderedDict[Connection, float] = OrderedDict()

    def accept(self, listener: socket.socket) -> None:
        """Accept a connection, and begin to buffer its first request."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", SEND_SECONDS, 0))
        conn = Connection(self.cfg, sock, address, listener.getsockname())
        self._silent[conn] = time.monotonic() + self.cfg.keepalive
        self.poller.register(sock, EVENT_READ, partial(self._on_readable, conn))
        if self.nr_conns >= self.worker_connections:
            self._make_room()

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Begin to buffer the next request of a connection."""
        self.keepalived_conns.remove(conn)
        self._silent[conn] = conn.timeout
        self.poller.modify(client, EVENT_READ, partial(self._on_readable, conn))
        self._on_readable(conn, client)

    def handle(self, conn: Connection) -> Any:
        """Handle a request in a thread, which must get the rest of its head in REQUEST_SECONDS."""
        try:
            conn.take().until(time.monotonic() + REQUEST_SECONDS)
        except OSError:
            return False
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Let the application respond. It must get the rest of the body in REQUEST_SECONDS."""
        assert conn.deadline_socket is not None  # noqa: S101
        conn.deadline_socket.until(time.monotonic() + REQUEST_SECONDS, RequestTimeout)
        try:
            return super().handle_request(req, conn)
        finally:
            conn.deadline_socket.until(None)

    def finish_request(self, conn: Connection, fs: "Future[Any]") -> None:
        """Keep a connection after its response, or close it."""
        if not fs.cancelled() and fs.exception() is None and fs.result():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    def murder_pending(self) -> None:
        """Close the connections that have waited too long."""
        now = time.monotonic()
        for conn in _expired(self._silent, now):
            self._close(conn)
        for conn in _expired(self._arriving, now):
            self._forget(conn)
            with contextlib.suppress(OSError):  # a client that is so slow need not learn why
                conn.sock.send(TIMEOUT_RESPONSE)
            self._linger(conn)
        for conn in _expired(self._lingering, now):
            self._close(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        super()._cap_keepalive(deadline)
        self._silent = OrderedDict((conn, min(end, deadline)) for conn, end in self._silent.items())

    def _on_readable(self, conn: Connection, client: socket.socket) -> None:
        try:
            piece = client.recv(PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            piece = b""
        if conn in self._lingering:
            if not piece:
                self._close(conn)
        elif piece:
            if self._silent.pop(conn, None) is not None:
                self._arriving[conn] = time.monotonic() + REQUEST_SECONDS
            conn.received += piece
            if is_whole(conn.received):
                self._start_thread(conn)
        elif conn.received:  # half a request: the parser says what is wrong with it
            self._start_thread(conn)
        else:
            self._close(conn)

    def _start_thread(self, conn: Connection) -> None:
        self._forget(conn)
        self.enqueue_req(conn)

    def _linger(self, conn: Connection) -> None:
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, EVENT_READ, partial(self._on_readable, conn))
        except (OSError, ValueError, KeyError):  # it is closed already
            self.nr_conns -= 1
            conn.close()
        else:
            self._lingering[conn] = time.monotonic() + LINGER_SECONDS

    def _make_room(self) -> None:
        for waiting in (self._lingering, self._silent, self._arriving):
            if waiting:
                self._close(next(iter(waiting)))
                return
        if self.keepalived_conns:
            self._close(self.keepalived_conns.popleft())

    def _close(self, conn: Connection) -> None:
        self._forget(conn)
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn: Connection) -> None:
        for waiting in (self._silent, self._arriving, self._lingering):
            waiting.pop(conn, None)
        with contextlib.suppress(KeyError, ValueError, OSError):  # where it is not, or is closed
            self.poller.unregister(conn.sock)


def _expired(waiting: OrderedDict[Connection, float], now: float) -> list[Connection]:
    expired = []
    for conn, end in waiting.items():
        if end > now:
            break
        expired.append(conn)
    return expired
