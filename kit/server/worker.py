"""gunicorn's threaded worker, made safe against slow clients.

gunicorn gives a thread to each connection, and the thread waits for what comes: sixteen half requests keep
everybody else out for good. Here requests are collected without a thread until they are whole; a body in
chunks, whose end is unknown, has a thread for some seconds only, and so has a response that the client does
not read. Closing waits for no client.
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
"""For clients to read their last response: closed at once, it could be lost (RFC 9112, 9.6)."""

PIECE = 65_536
LARGEST_HEAD = 65_536

LATE = orjson.dumps(error_body(HTTPStatus.REQUEST_TIMEOUT, "The request took too long to come.", None))
TOO_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(LATE), LATE)
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


class Hurried:
    """A socket from which a thread can read until a deadline only."""

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
    """A connection. `received` is the part of its next request that has come."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.received = bytearray()
        self.hurried: Hurried | None = None

    def take(self) -> Hurried:
        """Pass what has come to the parser, for a thread that reads the rest."""
        self.data_ready = True
        self.init()
        if self.hurried is None:
            self.hurried = self.parser.unreader.sock = Hurried(self.sock)
        self.parser.unreader.unread(bytes(self.received))
        self.received.clear()
        return self.hurried


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Collects requests in the loop of its main thread.

    When there are too many connections, those that have waited longest go.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Each in the order of its ends, as all wait equally long.
        self._silent: OrderedDict[Connection, float] = OrderedDict()
        self._arriving: OrderedDict[Connection, float] = OrderedDict()
        self._lingering: OrderedDict[Connection, float] = OrderedDict()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection; see ThreadWorker."""
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
        """Begin to collect the next request of a connection; see ThreadWorker."""
        self.keepalived_conns.remove(conn)
        self._silent[conn] = conn.timeout
        self.poller.modify(client, EVENT_READ, partial(self._on_readable, conn))
        self._on_readable(conn, client)

    def handle(self, conn: Connection) -> Any:
        """Handle a request in a thread; see ThreadWorker."""
        try:
            conn.take().until(time.monotonic() + REQUEST_SECONDS)
        except OSError:
            return False
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Have the application respond; see ThreadWorker."""
        assert conn.hurried is not None  # noqa: S101
        conn.hurried.until(time.monotonic() + REQUEST_SECONDS, RequestTimeout)
        try:
            return super().handle_request(req, conn)
        finally:
            conn.hurried.until(None)

    def finish_request(self, conn: Connection, fs: "Future[Any]") -> None:
        """Keep a connection after its response, or close it; see ThreadWorker."""
        if not fs.cancelled() and fs.exception() is None and fs.result():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    def murder_pending(self) -> None:
        """Close what has waited too long; see ThreadWorker."""
        now = time.monotonic()
        for conn in _past(self._silent, now):
            self._close(conn)
        for conn in _past(self._arriving, now):
            self._forget(conn)
            with contextlib.suppress(OSError):  # a client that is so slow need not learn why
                conn.sock.send(TOO_LATE)
            self._linger(conn)
        for conn in _past(self._lingering, now):
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
                self._hand_over(conn)
        elif conn.received:  # half a request: the parser says what is wrong with it
            self._hand_over(conn)
        else:
            self._close(conn)

    def _hand_over(self, conn: Connection) -> None:
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


def _past(waiting: OrderedDict[Connection, float], now: float) -> list[Connection]:
    past = []
    for conn, end in waiting.items():
        if end > now:
            break
        past.append(conn)
    return past
