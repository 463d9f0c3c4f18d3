"""What a learner is told of a step that does not start."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import click
import psutil
import pytest
from pymongo.errors import PyMongoError

from workshop.learn.__main__ import missing_of, observed_step
from workshop.learn.observing.failures import error_of
from workshop.learn.observing.observed import Missing, Observed
from workshop.learn.observing.readiness import await_ready
from workshop.ports import free_port
from workshop.run.lock import run_lock
from workshop.steps import read_step

COPY = "/srv/stones/copies/2.1"
OUTPUT = f"""\
01:22:16 system    | like started (pid=20155)
01:22:17 like      | ValueError: of another service
01:22:18 tag       | Traceback (most recent call last):
01:22:18 tag       |   File "{COPY}/step2_services/tag/service.py", line 3, in <module>
01:22:18 tag       |     from kit.domain import nothing
01:22:18 tag       | ImportError: cannot import name 'nothing'
01:22:19 search-v2 | KeyError: 'v3'
"""


@pytest.mark.parametrize(
    ("service", "error"),
    [
        ("tag", "step2_services/tag/service.py, line 3: ImportError: cannot import name 'nothing'"),
        ("like", "ValueError: of another service"),
        ("search", "KeyError: 'v3'"),
        ("hide", ""),
    ],
)
def test_error_is_that_of_the_service(service: str, error: str) -> None:
    assert error_of(service, OUTPUT, COPY) == error


def test_step_that_has_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text("01:22:16 system | starts\n01:22:17 web | nobody knows why\n")
    with pytest.raises(click.ClickException, match="nobody knows why"):
        await_ready(read_step(2), lambda: False, log)


class Ready(BaseHTTPRequestHandler):
    """Responds 200 to everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def ready_server() -> Iterator[int]:
    """Yield the port of a server that is no step, and ready."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ready)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_step_that_runs_at_another_address_is_not_looked_for_at_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    monkeypatch.setenv("STEP0_PORT", str(free_port()))
    with run_lock(read_step(0)):
        monkeypatch.setenv("STEP0_PORT", str(free_port()))
        with pytest.raises(click.ClickException, match="It runs already, at "), observed_step(0):
            pass


def test_step_that_ends_during_the_check_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another server has its port, and is ready all the time."""
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    with ExitStack() as run, ready_server() as port:
        monkeypatch.setenv("STEP0_PORT", str(port))
        run.enter_context(run_lock(read_step(0)))
        with pytest.raises(Missing, match="during the check"), observed_step(0):
            run.close()


@pytest.mark.parametrize("error", [PyMongoError("no server"), psutil.NoSuchProcess(1), AttributeError("get")])
def test_errors_of_a_check_are_told_in_a_line(error: Exception) -> None:
    def rule(_step: Observed) -> None:
        raise error

    missing = missing_of(rule, Observed(read_step(0), Path("run.log")))
    assert missing
    assert "\n" not in missing
