"""The logs of a process, and the request id in them."""

import io
import json
import logging
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import structlog
from flask import Flask, abort, g, request
from werkzeug.exceptions import Forbidden

from kit.logs import configure_logs, log_requests, outgoing_headers
from kit.logs.configure import TALKATIVE
from tests.support.eventually import eventually
from workshop.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
HEX = re.compile(r"[0-9a-f]{32}")
TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Return a function that returns the lines logged since its last call; restore the old logging later."""
    root = logging.getLogger()
    levels = {logger: logger.level for logger in (root, *map(logging.getLogger, TALKATIVE))}
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    monkeypatch.delenv("LOG_FORMAT", raising=False)
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    configure_logs("tested")
    (ours,) = root.handlers

    def read() -> list[dict[str, Any]]:
        text = written.getvalue()
        written.seek(0)
        written.truncate()
        return [json.loads(line) for line in text.splitlines()]

    yield read
    root.removeHandler(ours)
    for logger, level in levels.items():
        logger.setLevel(level)
    logging.captureWarnings(False)
    structlog.contextvars.clear_contextvars()


def clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in ("LOG_FORMAT", "LOG_LEVEL")}


def run(code: str, **environment: str) -> tuple[int, list[str]]:
    """Run code in a new process, and return its exit code and the lines on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        env={**clean_environment(), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr.splitlines()


ALL_LEVELS = """
import logging
from kit.logs import configure_logs
configure_logs("api")
for name in ("ours", "pymongo.command", "urllib3.connectionpool"):
    for level in ("DEBUG", "INFO", "WARNING", "ERROR"):
        logging.getLogger(name).log(getattr(logging, level), level)
"""


class TestLines:
    def test_line_has_its_time_service_and_message(self, lines: Lines) -> None:
        structlog.stdlib.get_logger("ours").info("posts loaded", count=3)
        logging.getLogger("theirs").warning("%d posts %s", 3, "loaded", extra={"count": 3})
        ours, theirs = lines()
        for line in (ours, theirs):
            found = datetime.fromisoformat(line.pop("timestamp"))
            assert found.utcoffset() == timedelta(0)
            assert abs(datetime.now(UTC) - found) < timedelta(seconds=10)
        assert ours == {
            "service": "tested",
            "logger": "ours",
            "level": "info",
            "event": "posts loaded",
            "count": 3,
        }
        assert theirs == {
            "service": "tested",
            "logger": "theirs",
            "level": "warning",
            "event": "3 posts loaded",
            "count": 3,
        }

    def test_arguments_are_formatted_into_the_message(self, lines: Lines) -> None:
        structlog.stdlib.get_logger("ours").info("%s of %d", "one", 2)
        assert lines()[0]["event"] == "one of 2"

    def test_exception_is_in_its_line_without_local_variables(self, lines: Lines) -> None:
        def fail() -> None:
            given = "correct horse " + "battery staple"
            raise LookupError(len(given))

        for logged in (logging.getLogger("theirs").exception, structlog.stdlib.get_logger("ours").exception):
            try:
                fail()
            except LookupError:
                logged("it failed")
            (line,) = lines()
            (found,) = line["exception"]
            assert (found["exc_type"], found["exc_value"]) == ("LookupError", "28")
            assert found["frames"][-1]["name"] == "fail"
            assert "battery" not in json.dumps(line)

    @pytest.mark.parametrize(
        "value",
        [b"\xff", {1, 2}, {1: 2}, object(), 2**70, "\ud800", datetime.now(UTC), float("nan"), [ValueError()]],
    )
    def test_every_value_can_be_logged(self, lines: Lines, value: object) -> None:
        logging.getLogger("theirs").info("odd", extra={"value": value})
        structlog.stdlib.get_logger("ours").info("odd", value=value)
        assert ["value" in line for line in lines()] == [True, True]

    def test_lines_from_other_threads_name_the_service_and_no_request(self, lines: Lines) -> None:
        structlog.contextvars.bind_contextvars(request_id="ours")
        thread = threading.Thread(target=lambda: logging.getLogger("theirs").info("done"))
        thread.start()
        thread.join()
        (line,) = lines()
        assert line["service"] == "tested"
        assert "request_id" not in line

    def test_configuring_again_doubles_nothing(self) -> None:
        _, output = run(ALL_LEVELS + "configure_logs('another')\nlogging.getLogger('ours').error('once')")
        assert [line["service"] for line in map(json.loads, output) if line["event"] == "once"] == ["another"]


class TestSecrets:
    @pytest.mark.parametrize(
        "fields",
        [
            {"authorization": "Bearer hidden-word"},
            {"Set-Cookie": "session=hidden-word"},
            {"csrf_token": "hidden-word"},
            {"password": "hidden-word"},
            {"headers": {"Cookie": "session=hidden-word", "Proxy-Authorization": "hidden-word"}},
            {"body": [{"new_password": ["hidden-word"]}]},
            {"url": "mongodb://api:hidden-word@127.0.0.1/x"},
            {"found": "Authorization: Basic hidden-word"},
            {"found": "{'Authorization': 'Bearer hidden-word', 'Cookie': 'a=b; c=hidden-word'}"},
            {"found": "GET /?access_token=hidden-word&x=1"},
            {"found": '{"password": "hidden-word"}'},
            {"found": "got bearer " + "hidden-word" * 3},
            {"found": b"Cookie: a=hidden-word"},
            {"found": ValueError("password=hidden-word")},
        ],
        ids=repr,
    )
    def test_secrets_are_hidden_by_name_and_by_form(self, lines: Lines, fields: dict[str, Any]) -> None:
        structlog.stdlib.get_logger("ours").info("told", **fields)
        logging.getLogger("theirs").info("told %s", fields)
        try:
            raise RuntimeError(str(fields))
        except RuntimeError:
            logging.getLogger("theirs").exception("failed")
        found = lines()
        assert len(found) == 3
        assert "hidden-word" not in json.dumps(found)
        assert "[hidden]" in json.dumps(found[0])

    def test_signed_token_is_recognised_by_its_form(self, lines: Lines) -> None:
        logging.getLogger("theirs").info("asked with %s today", TOKEN)
        assert lines()[0]["event"] == "asked with [hidden] today"

    @pytest.mark.parametrize(
        "text",
        ["basic authentication is off", "see https://example.org/a@b", "the token has ended", "Postgres: 3"],
    )
    def test_plain_texts_stay_as_they_are(self, lines: Lines, text: str) -> None:
        logging.getLogger("theirs").info(text)
        assert lines()[0]["event"] == text

    def test_console_traceback_hides_secrets(self) -> None:
        code = f"""
import logging
from kit.logs import configure_logs
configure_logs("api")
def f(given):
    raise ValueError("Authorization: " + given)
try:
    f("{TOKEN}"[::-1][::-1])
except ValueError:
    logging.getLogger("ours").exception("failed")
"""
        _, output = run(code.replace(TOKEN, "hidden" + "word"), LOG_FORMAT="console")
        text = "\n".join(output)
        assert "ValueError: Authorization: [hidden]" in text
        assert "in f" in text


class TestSettings:
    def test_levels_below_info_are_not_logged_by_default(self) -> None:
        _, output = run(ALL_LEVELS)
        assert [json.loads(line)["event"] for line in output] == ["INFO", *["WARNING", "ERROR"] * 3]

    def test_log_level_applies_to_all_loggers(self) -> None:
        _, output = run(ALL_LEVELS, LOG_LEVEL="error")
        assert [json.loads(line)["event"] for line in output] == ["ERROR"] * 3

    def test_libraries_do_not_log_documents_at_debug(self) -> None:
        _, output = run(ALL_LEVELS, LOG_LEVEL="DEBUG")
        assert [json.loads(line)["event"] for line in output] == [
            *("DEBUG", "INFO", "WARNING", "ERROR"),
            *["WARNING", "ERROR"] * 2,
        ]

    @pytest.mark.parametrize("variable", ["LOG_LEVEL", "LOG_FORMAT"])
    def test_unknown_setting_is_reported(self, variable: str) -> None:
        code, output = run(ALL_LEVELS, **{variable: "loud"})
        assert code != 0
        assert f"Set {variable} to one of" in output[-1]
        assert run(ALL_LEVELS, **{variable: ""})[0] == 0

    def test_the_console_format_is_for_people(self) -> None:
        _, output = run(ALL_LEVELS, LOG_FORMAT="console")
        assert re.search(r"\[info\s*] INFO\s+\[ours] service=api", output[0])

    def test_control_characters_forge_nothing_on_a_console(self) -> None:
        code = ALL_LEVELS + "logging.getLogger('x').error('a\\nb\\x1b[2Jc%s', '\\x9b')"
        _, output = run(code, LOG_FORMAT="console", LOG_LEVEL="CRITICAL")
        assert output == []
        _, output = run(code, LOG_FORMAT="console", LOG_LEVEL="ERROR")
        assert r"a\nb\x1b[2Jc\x9b" in output[-1]

    @pytest.mark.parametrize(("form", "is_json"), [("", False), ("json", True)])
    def test_terminal_gets_readable_lines_by_default(self, form: str, is_json: bool) -> None:
        ours, theirs = pty.openpty()
        environment = {**os.environ, "LOG_FORMAT": form, "LOG_LEVEL": "ERROR"}
        subprocess.run(
            [sys.executable, "-c", ALL_LEVELS],
            check=True,
            env=environment,
            cwd=ROOT,
            stderr=theirs,
            timeout=60,
        )
        os.close(theirs)
        found = os.read(ours, 100_000).decode()
        os.close(ours)
        assert found.startswith("{") == is_json
        assert ("\x1b[" in found) != is_json

    def test_warnings_are_logged_as_lines(self) -> None:
        code = (
            "import warnings\nfrom kit.logs import configure_logs\nconfigure_logs('x')\nwarnings.warn('old')"
        )
        _, (line,) = run(code)
        assert "UserWarning: old" in json.loads(line)["event"]


def make_app() -> Flask:
    app = Flask("tested")
    app.config["MAX_CONTENT_LENGTH"] = 10

    @app.before_request
    def refuse() -> None:
        """Runs before log_requests is called, as checks of an application do."""
        if g.get("request_id") == "refused":
            raise Forbidden

    @app.get("/posts/<name>")
    def show(name: str) -> dict[str, Any]:
        logging.getLogger("theirs").info("looking")
        return {"own": g.request_id, "outgoing": outgoing_headers(), "name": name}

    @app.post("/posts")
    def add() -> str:
        return request.get_data(as_text=True)

    @app.get("/fail")
    def fail() -> None:
        structlog.contextvars.bind_contextvars(left="behind")
        raise RuntimeError("boom")

    @app.get("/teapot")
    def teapot() -> None:
        abort(418)

    @app.get("/health/live")
    @app.get("/metrics")
    def quiet() -> str:
        return "ok"

    log_requests(app)
    return app


@pytest.fixture
def app(lines: Lines) -> Flask:
    return make_app()


def requests_in(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in found if line["event"] == "request"]


class TestRequests:
    def test_request_is_logged_in_one_line(self, app: Flask, lines: Lines) -> None:
        response = app.test_client().get(
            "/posts/t3_x?q=hidden-word", headers={"Authorization": "Bearer hidden-word"}
        )
        inside, line = lines()
        assert line.pop("timestamp")
        assert 0 <= line.pop("milliseconds") < 1000
        assert line == {
            "event": "request",
            "service": "tested",
            "logger": "kit.requests",
            "level": "info",
            "method": "GET",
            "path": "/posts/t3_x",
            "route": "/posts/<name>",
            "status": 200,
            "request_id": response.headers["X-Request-ID"],
        }
        assert inside["event"] == "looking"
        assert inside["request_id"] == line["request_id"]

    @pytest.mark.parametrize("given", ["a", "A-b_c.9", "x" * 64])
    def test_valid_request_id_is_kept(self, app: Flask, given: str) -> None:
        response = app.test_client().get("/posts/x", headers={"X-Request-ID": given})
        assert response.headers.getlist("X-Request-ID") == [given]
        assert response.json == {"own": given, "outgoing": {"X-Request-ID": given}, "name": "x"}

    @pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "a\tb", "é", "a,b", "{}", "a;b", "<a>"])
    def test_invalid_request_id_is_replaced(self, app: Flask, given: str | None) -> None:
        responses = [
            app.test_client().get("/posts/x", headers={"X-Request-ID": given} if given is not None else {})
            for _ in range(2)
        ]
        ids = [response.headers["X-Request-ID"] for response in responses]
        assert all(HEX.fullmatch(each) for each in ids)
        assert ids[0] != ids[1]

    @pytest.mark.parametrize(
        ("method", "path", "status", "route"),
        [
            ("GET", "/nothing", 404, None),
            ("DELETE", "/teapot", 405, None),
            ("GET", "/teapot", 418, "/teapot"),
            ("POST", "/posts", 413, "/posts"),
            ("GET", "/fail", 500, "/fail"),
            ("OPTIONS", "/posts", 200, "/posts"),
        ],
    )
    def test_errors_have_the_request_id(
        self, app: Flask, lines: Lines, method: str, path: str, status: int, route: str | None
    ) -> None:
        body = b"x" * 11 if method == "POST" else None
        response = app.test_client().open(path, method=method, data=body, headers={"X-Request-ID": "mine"})
        assert (response.status_code, response.headers["X-Request-ID"]) == (status, "mine")
        (line,) = requests_in(lines())
        assert (line["method"], line["path"], line["status"]) == (method, path, status)
        assert (line["route"], line["request_id"]) == (route, "mine")

    def test_earlier_check_already_has_the_request_id(self, app: Flask, lines: Lines) -> None:
        response = app.test_client().get("/posts/x", headers={"X-Request-ID": "refused"})
        assert (response.status_code, response.headers["X-Request-ID"]) == (403, "refused")
        assert [line["status"] for line in lines()] == [403]

    def test_failure_before_any_check_has_a_request_id(self, app: Flask, lines: Lines) -> None:
        class Broken(type(app.session_interface)):  # type: ignore[misc]
            def open_session(self, *_arguments: Any) -> None:
                raise RuntimeError("no store of sessions")

        app.session_interface = Broken()
        response = app.test_client().get("/posts/x", headers={"X-Request-ID": "mine"})
        assert (response.status_code, response.headers["X-Request-ID"]) == (500, "mine")
        assert [line["request_id"] for line in requests_in(lines())] == ["mine"]

    def test_exception_is_logged_with_the_request_id(self, app: Flask, lines: Lines) -> None:
        app.test_client().get("/fail", headers={"X-Request-ID": "mine"})
        found = [line for line in lines() if "exception" in line]
        assert [(line["request_id"], line["exception"][0]["exc_value"]) for line in found] == [
            ("mine", "boom")
        ]

    @pytest.mark.parametrize("path", ["/health/live", "/metrics"])
    def test_probes_are_logged_at_debug_level(self, app: Flask, lines: Lines, path: str) -> None:
        response = app.test_client().get(path)
        assert [line["level"] for line in lines()] == ["debug"]
        assert "X-Request-ID" in response.headers

    def test_variables_do_not_reach_the_next_request(self, app: Flask, lines: Lines) -> None:
        app.test_client().get("/fail", headers={"X-Request-ID": "mine"})
        assert structlog.contextvars.get_contextvars() == {}
        lines()
        logging.getLogger("theirs").info("afterwards")
        assert not {"request_id", "left"} & lines()[0].keys()

    def test_variables_of_a_job_do_not_reach_a_request(self, app: Flask, lines: Lines) -> None:
        structlog.contextvars.bind_contextvars(left="behind")
        app.test_client().get("/posts/x")
        assert all("left" not in line for line in lines())

    def test_threads_keep_their_ids_apart(self, app: Flask, lines: Lines) -> None:
        def call(number: int) -> None:
            response = app.test_client().get(f"/posts/{number}", headers={"X-Request-ID": f"id-{number}"})
            assert response.headers["X-Request-ID"] == f"id-{number}"

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(call, range(100)))
        found = requests_in(lines())
        assert len(found) == 100
        assert all(line["path"].removeprefix("/posts/") == line["request_id"][3:] for line in found)

    def test_outside_a_request_no_id_is_sent(self, app: Flask) -> None:
        assert outgoing_headers() == {}
        with app.app_context():
            assert outgoing_headers() == {}


SERVED = """
import logging
from flask import Flask
from kit.logs import configure_logs, log_requests

def make_app():
    configure_logs("served")
    app = Flask("served")
    log_requests(app)

    @app.get("/fail/<password>")
    def fail(password):
        logging.getLogger("pymongo").warning("slow")
        raise RuntimeError("boom")

    return app
"""
CONFIG = """
from kit.logs import configure_logs

def on_starting(server):
    configure_logs("server")
"""


class Server:
    """gunicorn with the application above; `close` ends it and returns its lines."""

    def __init__(self, folder: Path, *options: str, **environment: str) -> None:
        (folder / "served.py").write_text(SERVED)
        (folder / "gunicorn.conf.py").write_text(CONFIG)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.err = (folder / "stderr").open("w+")
        self.out = (folder / "stdout").open("w+")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--no-control-socket"),
                *("--worker-class", "gthread", "--threads", "2", *options, "served:make_app()"),
            ],
            env={**clean_environment(), "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", **environment},
            cwd=folder,
            stderr=self.err,
            stdout=self.out,
        )

    def get(self, path: str, **headers: str) -> requests.Response:
        def call() -> requests.Response:
            try:
                return requests.get(self.url + path, headers=headers, timeout=30)
            except requests.ConnectionError as error:
                raise AssertionError("gunicorn is not up") from error

        return eventually(call)

    def close(self) -> list[str]:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        finally:
            self.process.kill()
        self.err.seek(0)
        self.out.seek(0)
        return self.err.read().splitlines()


def test_gunicorn_and_what_it_serves_write_json_only(tmp_path: Path) -> None:
    server = Server(tmp_path, "--config", "gunicorn.conf.py", "--access-logfile", "-")
    try:
        response = server.get(
            "/fail/hidden-word", **{"X-Request-ID": "mine", "Authorization": f"Bearer {TOKEN}"}
        )
    finally:
        found = server.close()
    assert (response.status_code, response.headers["X-Request-ID"]) == (500, "mine")
    read = [json.loads(line) for line in found if "Starting gunicorn" not in line]
    assert {"timestamp", "level", "logger", "service", "event"} <= set.intersection(
        *(set(line) for line in read)
    )
    of = {(line["service"], line["logger"]) for line in read}
    assert {("server", "gunicorn.error"), ("served", "kit.requests"), ("served", "pymongo")} <= of
    assert ("served", "gunicorn.access") in of
    assert server.out.read() == ""
    mine = [line for line in read if line.get("request_id") == "mine"]
    assert [line["logger"] for line in mine] == ["pymongo", "served", "kit.requests"]
    assert mine[1]["exception"][-1]["exc_value"] == "boom"
    assert TOKEN not in "".join(found)


def test_an_access_log_in_a_file_stays_there(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    server = Server(tmp_path, "--config", "gunicorn.conf.py", "--access-logfile", str(log), LOG_LEVEL="ERROR")
    try:
        assert server.get("/nothing").status_code == 404
    finally:
        found = server.close()
    assert '"GET /nothing HTTP/1.1" 404' in log.read_text()
    assert [line for line in found if "Starting gunicorn" not in line] == [], "all else is below ERROR"
