"""gunicorn's worker in a process without a master: how it serves and how it ends."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import requests

from tests.support.eventually import eventually
from workshop.ports import free_port

PATIENCE = 60.0
"""Seconds within which everything happens that must happen, on any machine."""

APP = """
import os, re
from pathlib import Path

HERE = Path(__file__).parent

def serve(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/waits":
        (HERE / "begun").touch()
        (HERE / "gate").read_text()   # until somebody opens it for writing
    if path == "/hangs":
        re.match("(a+)+$", "a" * 64 + "b")   # holds the interpreter's lock nearly for ever
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]

def make_app():
    return serve

def failing():
    raise ValueError("no such thing")
"""
CONFIG = """
from kit.server.config import *
bind = "127.0.0.1:{port}"
workers = 1
{more}

def worker_exit(server, worker):
    print("worker_exit was called", flush=True)
"""


@dataclass(frozen=True)
class Served:
    """A process that serves APP."""

    process: "subprocess.Popen[str]"
    url: str
    folder: Path

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal, and return what `await_end` does."""
        self.process.send_signal(number)
        return self.await_end()

    def await_end(self) -> tuple[int, str]:
        """Return the exit code and the output of the process."""
        output, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output

    def connection(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(("127.0.0.1", int(self.url.rsplit(":", 1)[1])), PATIENCE)

    @contextlib.contextmanager
    def waiting_request(self) -> Iterator[socket.socket]:
        """Yield a connection whose request a thread handles until the gate is opened."""
        with self.connection() as sock:
            sock.sendall(b"GET /waits HTTP/1.1\r\nHost: a\r\n\r\n")
            eventually(lambda: check((self.folder / "begun").exists()), PATIENCE)
            yield sock


def check(holds: bool) -> None:
    assert holds


def start(folder: Path, port: int, more: str = "", app: str = "slowly:make_app()") -> "subprocess.Popen[str]":
    """Start a process that serves an application of APP at `port`."""
    (folder / "slowly.py").write_text(APP)
    (folder / "gunicorn.conf.py").write_text(CONFIG.format(port=port, more=more))
    if not (folder / "gate").exists():
        os.mkfifo(folder / "gate")
    config = ("--config", str(folder / "gunicorn.conf.py"), "--pythonpath", str(folder))
    return subprocess.Popen(
        [sys.executable, "-m", "kit.server", *config, app],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextlib.contextmanager
def served(folder: Path, more: str = "") -> Iterator[Served]:
    """Yield a process that has responded once. It is killed in the end if it still runs."""
    port = free_port()
    with start(folder, port, more) as process:
        try:
            made = Served(process, f"http://127.0.0.1:{port}", folder)

            def is_up() -> None:
                try:
                    requests.get(made.url, timeout=PATIENCE)
                except requests.ConnectionError as error:
                    raise AssertionError(str(error)) from error

            eventually(is_up, PATIENCE)
            yield made
        finally:
            process.kill()


def failed(folder: Path, port: int, more: str = "", app: str = "slowly:make_app()") -> str:
    """Return what a process prints that fails to start."""
    with start(folder, port, more, app) as process:
        output, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, output
    return output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGQUIT])
def test_one_process_serves_and_ends_at_a_signal(tmp_path: Path, number: int) -> None:
    with served(tmp_path) as made:
        assert requests.get(made.url, timeout=PATIENCE).text == str(made.process.pid)
        assert psutil.Process(made.process.pid).children() == []
        code, output = made.end(number)
    assert code == 0, output
    assert output.count("worker_exit was called") == 1
    assert "Traceback" not in output


def test_request_in_flight_gets_its_response_after_sigterm(tmp_path: Path) -> None:
    with served(tmp_path) as made, made.waiting_request() as waiting, made.connection() as idle:
        made.process.send_signal(signal.SIGTERM)
        assert idle.recv(1) == b"", "an idle connection is closed once the process drains"
        os.close(os.open(tmp_path / "gate", os.O_WRONLY | os.O_NONBLOCK))  # fails if nobody waits at it
        assert waiting.recv(1000).startswith(b"HTTP/1.1 200 ")
        code, output = made.await_end()
    assert code == 0, output
    assert "worker_exit was called" in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT])
def test_request_that_takes_too_long_does_not_keep_the_process(tmp_path: Path, number: int) -> None:
    with served(tmp_path, "graceful_timeout = 1") as made, made.waiting_request():
        code, output = made.end(number)
    assert code == -signal.SIGALRM, output


def test_process_that_hangs_ends_and_shows_where(tmp_path: Path) -> None:
    with served(tmp_path, "timeout = 2") as made:
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{made.url}/hangs", timeout=PATIENCE)
        code, output = made.await_end()
    assert code == 1
    assert re.search(r'slowly\.py", line \d+ in serve', output), output


def test_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        output = failed(tmp_path, port)
    assert f"Connection in use: ('127.0.0.1', {port})" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("workers = 2", "Error: kit.server has one worker. Set `workers` to 1; it is 2."),
        ("import os; os.environ['TRUSTED_PROXIES'] = 'nginx'", "TRUSTED_PROXIES takes addresses"),
    ],
)
def test_bad_setting_is_reported_in_one_line(tmp_path: Path, more: str, found: str) -> None:
    output = failed(tmp_path, free_port(), more)
    assert found in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("app", "found"),
    [("slowly:failing()", "Error: no such thing"), ("slowly:missing", "missing"), ("nowhere:app", "nowhere")],
)
def test_application_that_fails_is_the_last_line(tmp_path: Path, app: str, found: str) -> None:
    output = failed(tmp_path, free_port(), app=app)
    assert found in output.splitlines()[-1]
    assert "worker_exit" not in output


def test_optional_import_that_we_do_not_use_is_left_out(tmp_path: Path) -> None:
    app = "import structlog, sys\nloaded = [name for name in ('rich',) if sys.modules.get(name)]\n"
    (tmp_path / "loads.py").write_text(app + "def make_app():\n    raise ValueError(f'loaded: {loaded}')\n")
    output = failed(tmp_path, free_port(), app="loads:make_app()")
    assert output.splitlines()[-1] == "Error: loaded: []"
