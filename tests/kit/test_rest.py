"""The client of another service, with real servers that respond, fail, hang or disappear."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from flask import Flask

from kit.clients.rest import Rest
from kit.http.problems import (
    DependencyTimeout,
    DependencyUnavailable,
    Gone,
    NameTaken,
    NotFound,
    Problem,
    Refused,
    SignedOut,
    Stale,
    TooLarge,
    TooManyRequests,
    Unprocessable,
)
from kit.logs import log_requests
from tests.support.eventually import PATIENCE
from workshop.ports import free_port

NAME = "The API"
IDEMPOTENT = ("GET", "HEAD", "PUT", "DELETE")

Reply = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A service whose `reply` can be changed while it runs; `requests` records what it received."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.reply: Reply = sends({"ok": True})
        self.closed = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def response(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                server.requests.append((self.command, self.path, dict(self.headers), body))
                server.reply(self)

            do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = do_PATCH = response  # noqa: N815

            def finish(self) -> None:
                super().finish()
                self.connection.shutdown(socket.SHUT_RDWR)
                server.closed.set()

            def log_message(self, *_arguments: Any) -> None:
                """Log nothing: pytest shows what went wrong."""

        class Http(ThreadingHTTPServer):
            request_queue_size = 64

            def handle_error(self, *_arguments: Any) -> None:
                """Report nothing: clients that go away are part of the tests."""

        self.http = Http(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,))
        self.thread.start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def sends(body: Any, status: int = 200, **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content)

    return reply


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def hangs_up_in_the_middle(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.close_connection = True


def once(first: Reply, then: Reply) -> Reply:
    """Return a reply that is `first` for the first request and `then` for all others."""
    turns = iter((first,))

    def reply(handler: BaseHTTPRequestHandler) -> None:
        next(turns, then)(handler)

    return reply


def error(status: int, message: str = "In its own words.", **more: Any) -> dict[str, Any]:
    return {"_status": "ERR", "_error": {"code": status, "message": message}, **more}


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def rest(server: Server) -> Rest:
    return Rest(server.url + "/", NAME)


class TestCalling:
    def test_good_response_is_returned(self, server: Server, rest: Rest) -> None:
        server.reply = sends({"a": 1}, 201, X_More="yes")
        response = rest.call("POST", "/x", token="t0", params={"q": "a b&c", "no": None}, json={"z": 1})
        assert (response.status_code, response.json(), response.headers["X-More"]) == (201, {"a": 1}, "yes")
        ((method, path, headers, body),) = server.requests
        assert (method, path, json.loads(body)) == ("POST", "/x?q=a+b%26c", {"z": 1})
        assert headers["Authorization"] == "Bearer t0"
        assert (headers["Accept"], headers["Content-Type"]) == ("application/json", "application/json")

    def test_token_and_body_are_optional(self, server: Server, rest: Rest) -> None:
        rest.call("GET", "/x", token="t0")
        rest.call("GET", "/x")
        rest.call("POST", "/x", headers={"If-Match": '"e"', "Accept": "image/png"})
        _, (_, _, second, _), (_, _, third, body) = server.requests
        assert "Authorization" not in second
        assert (third["If-Match"], third["Accept"], body) == ('"e"', "image/png", b"")

    def test_headers_are_found_in_any_case(self, server: Server, rest: Rest) -> None:
        server.reply = sends({}, 200, X_More="yes")
        headers = rest.call("GET", "/x").headers
        assert (headers["x-more"], headers.get("X-MORE"), "X-more" in headers) == ("yes", "yes", True)

    def test_content_that_is_no_json_is_a_value_error(self, server: Server, rest: Rest) -> None:
        server.reply = sends(b"<h1>", 200)
        with pytest.raises(ValueError, match="unexpected character"):
            rest.call("GET", "/x").json()

    def test_no_cookie_is_sent_with_the_next_request(self, server: Server, rest: Rest) -> None:
        server.reply = sends({}, 200, Set_Cookie="session=of-ann; Path=/")
        rest.call("GET", "/x")
        rest.call("GET", "/x")
        assert "Cookie" not in server.requests[1][2]

    def test_redirects_are_not_followed(self, server: Server, rest: Rest) -> None:
        other = Server()
        try:
            server.reply = sends(b"", 302, Location=f"{other.url}/elsewhere")
            assert rest.call("GET", "/x", token="t0").status_code == 302
            assert other.requests == []
            assert len(server.requests) == 1
        finally:
            other.stop()

    def test_proxies_of_the_environment_are_ignored(
        self, server: Server, rest: Rest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nobody = f"http://127.0.0.1:{free_port()}"
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, nobody)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        with pytest.raises(requests.ConnectionError):
            requests.get(server.url, timeout=30)
        assert rest.call("GET", "/x").ok
        assert rest.call("POST", "/x").ok

    def test_many_threads_share_one_client(self, server: Server, rest: Rest) -> None:
        server.reply = lambda handler: sends({"path": handler.path})(handler)
        with ThreadPoolExecutor(40) as pool:
            responses = list(pool.map(lambda each: rest.call("GET", f"/{each}").json()["path"], range(400)))
        assert responses == [f"/{each}" for each in range(400)]

    def test_request_id_is_sent_along(self, server: Server, rest: Rest) -> None:
        face = Flask("face")
        log_requests(face)

        @face.get("/ask")
        def call() -> str:
            rest.call("GET", "/x")
            rest.call("POST", "/x")
            return "asked"

        given = face.test_client().get("/ask", headers={"X-Request-ID": "mine"})
        made = face.test_client().get("/ask")
        rest.call("GET", "/x")
        sent = [headers.get("X-Request-ID") for _, _, headers, _ in server.requests]
        assert sent == ["mine", "mine", *[made.headers["X-Request-ID"]] * 2, None]
        assert given.headers["X-Request-ID"] == "mine"


class TestProblems:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (401, SignedOut),
            (404, NotFound),
            (409, NameTaken),
            (410, Gone),
            (412, Stale),
            (413, TooLarge),
            (422, Unprocessable),
            (429, TooManyRequests),
            (503, DependencyUnavailable),
            (504, DependencyTimeout),
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_problem_has_the_services_own_message(
        self, server: Server, rest: Rest, method: str, status: int, kind: type[Problem]
    ) -> None:
        server.reply = sends(error(status), status)
        with pytest.raises(kind, match=r"^In its own words\.$") as raised:
            rest.call(method, "/x")
        assert raised.value.status == status
        assert len(server.requests) == 1, "an error response is not requested again"

    @pytest.mark.parametrize(
        ("given", "kept"),
        [("17", 17), ("0", 0), ("soon", 2), ("", 2), ("-1", 2), ("1.5", 2), ("9" * 5000, 2)],
        ids=lambda value: str(value)[:10],
    )
    @pytest.mark.parametrize(("status", "kind"), [(429, TooManyRequests), (503, DependencyUnavailable)])
    def test_retry_after_is_read(
        self, server: Server, rest: Rest, status: int, kind: Any, given: str, kept: int
    ) -> None:
        server.reply = sends(error(status), status, Retry_After=given)
        with pytest.raises(kind) as raised:
            rest.call("GET", "/x")
        assert raised.value.retry_after == kept

    @pytest.mark.parametrize(
        ("given", "kept"),
        [({"title": "too long"}, {"title": "too long"}), ({}, {}), (None, {}), ("x", {}), ([1], {}), (7, {})],
        ids=str,
    )
    def test_issues_are_kept_by_field(
        self, server: Server, rest: Rest, given: Any, kept: dict[str, str]
    ) -> None:
        server.reply = sends(error(422, _issues=given), 422)
        with pytest.raises(Unprocessable) as raised:
            rest.call("POST", "/x")
        assert raised.value.issues == kept

    @pytest.mark.parametrize("status", [400, 403, 405, 406, 415, 418, 428])
    def test_other_refusals_keep_the_services_message(self, server: Server, rest: Rest, status: int) -> None:
        server.reply = sends(error(status), status)
        with pytest.raises(Refused, match=r"^In its own words\.$"):
            rest.call("POST", "/x")

    @pytest.mark.parametrize("status", [500, 501, 502, 505])
    def test_failing_service_is_unavailable(self, server: Server, rest: Rest, status: int) -> None:
        server.reply = sends(error(status, "hidden-word"), status)
        with pytest.raises(DependencyUnavailable, match="The API cannot be reached") as raised:
            rest.call("GET", "/x")
        assert raised.value.part == NAME

    @pytest.mark.parametrize(
        "body",
        [b"", b"<h1>hidden-word</h1>", b"[]", b"null", b'"x"', b"{}", b'{"_error": "hidden-word"}', b"\xff"],
    )
    @pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
    def test_error_in_another_shape_keeps_its_status_only(
        self, server: Server, rest: Rest, status: int, body: bytes
    ) -> None:
        server.reply = sends(body, status)
        with pytest.raises(Problem, match=NAME) as raised:
            rest.call("GET", "/x")
        assert raised.value.status == (503 if status in (400, 500) else status)
        assert "hidden-word" not in str(raised.value)


class TestOutages:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_dead_service_is_unavailable(self, method: str) -> None:
        with pytest.raises(DependencyUnavailable, match="The API cannot be reached") as raised:
            Rest(f"http://127.0.0.1:{free_port()}", NAME).call(method, "/x")
        assert raised.value.part == NAME

    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
    def test_silent_server_is_a_timeout(self, method: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as mute:
            with pytest.raises(DependencyTimeout, match="The API did not respond in time"):
                Rest(f"http://127.0.0.1:{mute.getsockname()[1]}", NAME).call(method, "/x", read_seconds=0.4)
            mute.accept()[0].close()
            mute.setblocking(False)
            with pytest.raises(BlockingIOError):  # it gets no second request
                mute.accept()

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_server_that_stops_in_the_middle_is_a_timeout(
        self, server: Server, rest: Rest, method: str
    ) -> None:
        go_on = threading.Event()

        def begin(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b"{")
            go_on.wait(PATIENCE)
            handler.close_connection = True

        server.reply = begin
        try:
            with pytest.raises(DependencyTimeout):
                rest.call(method, "/x", read_seconds=0.4)
            assert len(server.requests) == 1
        finally:
            go_on.set()

    @pytest.mark.parametrize("fails", [hangs_up, hangs_up_in_the_middle])
    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
    def test_idempotent_requests_are_retried(
        self, server: Server, rest: Rest, method: str, fails: Reply
    ) -> None:
        server.reply = once(fails, sends({"ok": True}))
        assert rest.call(method, "/x", json={"a": 1}).json() == {"ok": True}
        assert [(each[0], each[3]) for each in server.requests] == [(method, b'{"a":1}')] * 2

    @pytest.mark.parametrize("fails", [hangs_up, hangs_up_in_the_middle])
    @pytest.mark.parametrize("method", ["POST", "PATCH"])
    def test_other_requests_are_sent_once(
        self, server: Server, rest: Rest, method: str, fails: Reply
    ) -> None:
        server.reply = once(fails, sends({"ok": True}))
        with pytest.raises(DependencyUnavailable):
            rest.call(method, "/x", json={"a": 1})
        assert len(server.requests) == 1

    @pytest.mark.parametrize("method", IDEMPOTENT)
    def test_number_of_retries_is_limited(self, server: Server, rest: Rest, method: str) -> None:
        server.reply = hangs_up
        with pytest.raises(DependencyUnavailable):
            rest.call(method, "/x")
        assert 1 <= len(server.requests) <= 3

    def test_a_connection_that_was_closed_while_idle_is_not_used(self, server: Server, rest: Rest) -> None:
        def last(handler: BaseHTTPRequestHandler) -> None:
            sends({})(handler)
            handler.close_connection = True

        server.reply = once(last, sends({"ok": True}))
        rest.call("GET", "/x")
        assert server.closed.wait(PATIENCE)
        assert rest.call("POST", "/x").json() == {"ok": True}
        assert [each[0] for each in server.requests] == ["GET", "POST"]


class TestHealth:
    @pytest.mark.parametrize("status", [200, 503])
    def test_health_has_each_part_by_its_name(self, server: Server, rest: Rest, status: int) -> None:
        server.reply = sends({"_status": "?", "parts": {"mongodb": "ok", "smtp": "down"}}, status)
        assert rest.health() == {"mongodb": True, "smtp": False}
        assert server.requests[0][:2] == ("GET", "/health/ready")

    @pytest.mark.parametrize(
        "body", [b"", b"<h1>", b"[]", b"null", b"7", b"{}", b'{"parts": null}', b'{"parts": []}']
    )
    def test_malformed_health_is_a_problem(self, server: Server, rest: Rest, body: bytes) -> None:
        server.reply = sends(body)
        with pytest.raises(DependencyUnavailable, match=NAME):
            rest.health()

    def test_health_of_a_dead_service_is_unavailable(self) -> None:
        with pytest.raises(DependencyUnavailable, match=NAME):
            Rest(f"http://127.0.0.1:{free_port()}", NAME).health()
