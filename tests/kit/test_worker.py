"""Slow clients of a process with a single thread do not delay other clients."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

from kit.server.worker import is_whole
from tests.support.eventually import eventually
from workshop.ports import free_port

PATIENCE = 60.0
"""Seconds within which everything happens that must happen, on any machine."""

APP = """
from flask import Flask, request
from kit.http.errors import error_body, handle_errors

def make_app():
    app = Flask(__name__)
    handle_errors(app, lambda status, message, issues=None, retry_after=None:
                  app.make_response((error_body(status, message, issues), status)))

    @app.route("/", methods=["GET", "POST"])
    def show():
        return request.get_data()

    @app.get("/large")
    def large():
        return bytes(64 * 1024 * 1024)

    return app
"""
CONFIG = """
import kit.server.worker
kit.server.worker.REQUEST_SECONDS = {seconds}
kit.server.worker.SEND_SECONDS = 1
from kit.server.config import *
workers, threads, worker_connections = 1, 1, {connections}
bind = "127.0.0.1:{port}"
"""
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
CHUNKS = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Served:
    """A process with one thread."""

    port: int

    def check(self, bodies: Sequence[bytes | list[bytes]] = (b"{}", [b"{", b"}"])) -> None:
        """Check that other clients are served, with a request without a body and with each of `bodies`."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            for method, body in (("GET", None), *(("POST", each) for each in bodies)):
                connection.request(method, "/", body)
                response = connection.getresponse()
                assert (response.status, response.read()) == (200, b"{}" if body else b"")

    @contextlib.contextmanager
    def sockets(self, count: int, sent: bytes) -> Iterator[list[socket.socket]]:
        """Yield `count` connections over which only `sent` is sent."""
        with contextlib.ExitStack() as stack:
            made = [
                stack.enter_context(socket.create_connection(("127.0.0.1", self.port), PATIENCE))
                for _ in range(count)
            ]
            for each in made:
                each.sendall(sent)
            yield made


@contextlib.contextmanager
def served(folder: Path, seconds: float = 600, connections: int = 500) -> Iterator[Served]:
    """Yield the application; a request may take `seconds` to arrive."""
    port = free_port()
    (folder / "slowly.py").write_text(APP)
    config = folder / "gunicorn.conf.py"
    config.write_text(CONFIG.format(seconds=seconds, connections=connections, port=port))
    command = ["-m", "gunicorn", "--config", str(config), "--pythonpath", str(folder), "slowly:make_app()"]
    with subprocess.Popen([sys.executable, *command]) as process:
        try:
            made = Served(port)

            def is_up() -> None:
                try:
                    made.check(bodies=())
                except OSError as error:
                    raise AssertionError(str(error)) from error

            eventually(is_up, PATIENCE)
            yield made
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An application that waits for requests for ever."""
    with served(tmp_path_factory.mktemp("patient")) as made:
        yield made


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """An application that waits only a moment for requests."""
    with served(tmp_path_factory.mktemp("hasty"), seconds=0.5) as made:
        yield made


def status(connection: socket.socket) -> bytes:
    """Return the status of the next response, after which the connection is closed."""
    return everything(connection).split(b" ", 2)[1]


def everything(connection: socket.socket) -> bytes:
    """Return what is received until the other side closes."""
    received = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            received += piece
    return received


@pytest.mark.parametrize(
    ("sent", "rest"),
    [
        (b"", POST + b"{}"),
        (b"GE", b"T / HTTP/1.1\r\nHost: a\r\n\r\n"),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", b"X-A: b\r\n\r\n"),
        (POST, b"{}"),
        (POST + b"{", b"}"),
    ],
    ids=["silent", "line", "head", "body", "half a body"],
)
def test_waiting_clients_occupy_no_thread(patient: Served, sent: bytes, rest: bytes) -> None:
    with patient.sockets(20, sent) as slow:
        patient.check()
        for each in slow:
            each.sendall(rest)
            each.shutdown(socket.SHUT_WR)
        assert {status(each) for each in slow} == {b"200"}


def test_pipelined_requests_get_responses_in_order(patient: Served) -> None:
    with patient.sockets(1, POST + b"ab" + POST + b"cd" + POST[:20]) as (connection,):
        connection.sendall(POST[20:] + b"ef")
        connection.shutdown(socket.SHUT_WR)
        received = everything(connection)
    assert [each[-2:] for each in received.split(b"HTTP/1.1 200")[1:]] == [b"ab", b"cd", b"ef"]


def test_client_that_never_closes_blocks_nobody(patient: Served) -> None:
    with patient.sockets(20, POST.replace(b"Host", b"Connection: close\r\nHost") + b"{}") as slow:
        patient.check()
        assert {status(each) for each in slow} == {b"200"}


@pytest.mark.parametrize("begun", [b"GET / HTTP/1.1\r\nX-A: ", POST.replace(b": 2", b": 9999")])
def test_trickling_client_is_cut_off(hasty: Served, begun: bytes) -> None:
    with hasty.sockets(1, begun) as (slow,):
        slow.settimeout(0.05)
        received, end = b"", time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                slow.sendall(b"x")
                received = slow.recv(65_536)
                break
        slow.settimeout(PATIENCE)
        assert received.startswith(b"HTTP/1.1 408 ")
        assert b'"_status":"ERR"' in received
    hasty.check(bodies=())


def test_slow_body_that_occupies_a_thread_is_cut_off(hasty: Served) -> None:
    with hasty.sockets(3, CHUNKS + b"2\r\n{") as slow:
        hasty.check(bodies=())
        assert {status(each) for each in slow} == {b"408"}


def test_client_that_does_not_read_is_disconnected(patient: Served) -> None:
    with patient.sockets(3, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n") as slow:
        patient.check()
        for each in slow:
            assert 0 < len(everything(each)) < 64 * 1024 * 1024


def test_expect_100_continue_gets_a_continue(patient: Served) -> None:
    with patient.sockets(1, POST.replace(b"Host", b"Expect: 100-continue\r\nHost")) as (connection,):
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        connection.shutdown(socket.SHUT_WR)
        assert status(connection) == b"200"


def test_oldest_of_too_many_waiting_connections_is_closed(tmp_path: Path) -> None:
    with served(tmp_path, connections=10) as full, full.sockets(30, b"") as silent:
        full.check()
        assert everything(silent[0]) == b""


@pytest.mark.parametrize(
    ("variable", "value", "found"),
    [
        ("TRUSTED_PROXIES", "nginx", "TRUSTED_PROXIES takes addresses and networks"),
        ("TOKEN_LIFETIME", "soon", "Set TOKEN_LIFETIME to a whole number; 'soon' is none."),
        ("PASSWORD_MEMORY_KIB", "64M", "Set PASSWORD_MEMORY_KIB to a whole number; '64M' is none."),
    ],
)
def test_bad_setting_is_reported_in_one_line(tmp_path: Path, variable: str, value: str, found: str) -> None:
    config = tmp_path / "gunicorn.conf.py"
    config.write_text("from kit.server.config import *\nbind = '127.0.0.1:0'")
    ended = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--config", str(config), "nothing:app"],
        env={**os.environ, variable: value},
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 1
    assert found in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\n\r\n", True),
        (POST, False),
        (POST + b"{}", True),
        (POST.replace(b"Content-Length", b"CONTENT-LENGTH"), False),
        (POST.replace(b" 2", b" 100000"), True),
        (CHUNKS, True),
        (b"x" * 65_537, True),
        (POST.replace(b"\r\n\r\n", b"\r\n\r\ncontent-length: 9\r\n") + b"{}", True),
    ],
)
def test_complete_requests_are_recognised(received: bytes, expected: bool) -> None:
    assert is_whole(bytearray(received)) is expected
