"""Public keys that are fetched from a real server."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from flask import Flask, g
from structlog.testing import capture_logs

from kit.clients.rest import Rest
from kit.http.headers import REQUEST_ID
from kit.http.problems import DependencyTimeout, DependencyUnavailable
from kit.tokens import JWKS, Issuer, RemoteKeys, Verifier
from kit.tokens import remote as remote_keys
from tests.kit.issuers import ISSUER, SEED, new_issuer
from tests.kit.test_rest import Reply, sends
from tests.support.eventually import PATIENCE, eventually, holds
from workshop.ports import free_port


class Publisher:
    """A real HTTP server whose response can be changed while it runs; `requests` has what it received."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[dict[str, str]] = []
        self.reply: Reply = lambda handler: handler.send_error(500)
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.requests.append({"path": self.path, **dict(self.headers)})
                publisher.reply(self)

            def log_message(self, *_arguments: Any) -> None:
                """Log nothing: pytest shows what went wrong."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def publish(self, *issuers: Issuer) -> None:
        self.reply = sends({"keys": [key for each in issuers for key in each.jwks()["keys"]]})

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Remote:
    """A publisher, and a verifier that knows its address only."""

    def __init__(self) -> None:
        self.publisher = Publisher()
        self.clock = Clock()
        self.issuer = new_issuer()
        self.publisher.publish(self.issuer)
        self.keys = RemoteKeys(Rest(f"http://127.0.0.1:{self.publisher.port}/", "The API"), self.clock)
        self.verifier = Verifier(self.keys, ISSUER)

    @property
    def count(self) -> int:
        return len(self.publisher.requests)

    def knows(self, issuer: Issuer) -> bool:
        return self.verifier.verify(issuer.issue("ann").token) is not None


@pytest.fixture
def remote() -> Iterator[Remote]:
    made = Remote()
    yield made
    made.publisher.stop()


@contextmanager
def away(remote: Remote) -> Iterator[None]:
    """Inside a test the publisher does not listen; afterwards it is back."""
    remote.publisher.stop()
    yield
    requested = remote.publisher.requests
    remote.publisher = Publisher(remote.publisher.port)
    remote.publisher.requests = requested
    remote.publisher.publish(remote.issuer)


def of_the_api(logs: Sequence[Any]) -> list[Any]:
    """Return the entries about the publisher of these tests; threads of earlier ones may log, too."""
    return [each for each in logs if each.get("service") == "The API"]


class TestRemoteKeys:
    def test_key_set_is_fetched_once_and_cached(self, remote: Remote) -> None:
        assert remote.count == 0
        assert all(remote.knows(remote.issuer) for _ in range(5))
        assert remote.count == 1
        assert remote.publisher.requests[0]["path"] == JWKS

    def test_key_set_can_be_fetched_ahead(self, remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(remote_keys, "PAUSE", 0.01)
        with away(remote):
            remote.keys.fetch_ahead()
            eventually(holds(lambda: remote.keys._requests >= 2))
            assert {each.daemon for each in threading.enumerate() if each.name == "keys"} == {True}
        eventually(holds(lambda: remote.keys._keys is not None))
        assert remote.count == 1
        remote.publisher.stop()
        assert remote.knows(remote.issuer)

    def test_key_set_is_fetched_again_after_its_lifetime(self, remote: Remote) -> None:
        remote.knows(remote.issuer)
        remote.clock.now += 299
        remote.knows(remote.issuer)
        assert remote.count == 1
        remote.clock.now += 2
        remote.publisher.publish(new_issuer())
        assert not remote.knows(remote.issuer), "a key that was withdrawn"
        assert remote.count == 2

    def test_new_key_is_fetched(self, remote: Remote) -> None:
        assert remote.knows(remote.issuer)
        new = new_issuer()
        remote.publisher.publish(remote.issuer, new)
        assert remote.knows(new)
        assert remote.knows(remote.issuer)
        assert remote.count == 2

    def test_unknown_key_ids_cause_one_request_in_ten_seconds(self, remote: Remote) -> None:
        remote.knows(remote.issuer)
        for round_ in range(3):
            assert not any(remote.knows(new_issuer()) for _ in range(20))
            assert remote.count == 2 + round_
            remote.clock.now += 9
            assert not remote.knows(new_issuer())
            assert remote.count == 2 + round_
            remote.clock.now += 2

    def test_unknown_key_id_in_the_first_token_causes_one_request(self, remote: Remote) -> None:
        assert not remote.knows(new_issuer())
        assert remote.count == 1

    def test_old_key_set_is_used_while_the_publisher_is_away(self, remote: Remote) -> None:
        assert remote.knows(remote.issuer)
        with away(remote):
            remote.clock.now += 10_000
            assert remote.knows(remote.issuer)
            assert not remote.knows(new_issuer())
        assert remote.knows(remote.issuer)

    @pytest.mark.parametrize(
        "reply",
        [
            sends({}, 500),
            sends({}, 503),
            sends({}, 404),
            sends(b"not JSON"),
            sends(b"[" * 50_000),
            sends([]),
            sends({"keys": []}),
            sends({"keys": [{"kty": "oct", "kid": "x", "k": "AAAA"}]}),
            sends({**new_issuer(SEED).jwks(), "more": "x" * 70_000}),
        ],
        ids=["500", "503", "404", "text", "deep", "list", "empty", "other-kind", "large"],
    )
    def test_invalid_response_counts_as_no_response(self, remote: Remote, reply: Reply) -> None:
        remote.publisher.reply = reply
        with pytest.raises(DependencyUnavailable, match="The API"):
            remote.knows(remote.issuer)
        remote.publisher.publish(remote.issuer)
        assert remote.knows(remote.issuer), "a first set is requested again at once"
        remote.publisher.reply = reply
        remote.clock.now += 301
        assert remote.knows(remote.issuer)
        assert remote.count == 3

    def test_failing_publisher_gets_a_request_every_five_seconds(self, remote: Remote) -> None:
        remote.knows(remote.issuer)
        remote.publisher.reply = sends({}, 500)
        remote.clock.now += 301
        for round_ in range(3):
            for _ in range(5):
                assert remote.knows(remote.issuer)
                assert not remote.knows(new_issuer())
            assert remote.count == 2 + round_
            remote.clock.now += 5.1
        new = new_issuer()
        remote.publisher.publish(new)
        assert remote.knows(new)

    def test_redirects_are_not_followed(self, remote: Remote) -> None:
        other = Publisher()
        other.publish(remote.issuer)
        try:
            remote.publisher.reply = sends(b"", 302, Location=f"http://127.0.0.1:{other.port}{JWKS}")
            with pytest.raises(DependencyUnavailable):
                remote.knows(remote.issuer)
            assert other.requests == []
        finally:
            other.stop()

    def test_request_names_what_it_takes(self, remote: Remote) -> None:
        with Flask(__name__).test_request_context():
            g.request_id = "r-1"
            remote.knows(remote.issuer)
        wanted = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "Connection": "close",
            REQUEST_ID: "r-1",
        }
        assert wanted.items() <= remote.publisher.requests[0].items()

    def test_publisher_is_not_reached_through_a_proxy(
        self, remote: Remote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
        monkeypatch.setenv("no_proxy", "")
        assert remote.knows(remote.issuer)

    def test_publisher_that_stays_away_is_logged_once(self, remote: Remote) -> None:
        remote.knows(remote.issuer)
        for _ in range(2):
            remote.publisher.reply = sends({}, 500)
            remote.clock.now += 301
            with capture_logs() as logs:
                for _ in range(5):
                    assert remote.knows(remote.issuer)
                    remote.clock.now += 5.0
            (entry,) = of_the_api(logs)
            assert entry["event"] == "keys not fetched" and "responded with 500" in entry["reason"]
            remote.publisher.publish(remote.issuer)
            assert remote.knows(remote.issuer)

    def test_publisher_that_never_was_there_is_logged(self, remote: Remote) -> None:
        remote.publisher.reply = sends({}, 500)
        with capture_logs() as logs:
            for _ in range(3):
                with pytest.raises(DependencyUnavailable):
                    remote.knows(remote.issuer)
                remote.clock.now += 6.0
        assert [each["event"] for each in of_the_api(logs)] == ["keys not fetched"]

    def test_failures_that_soon_end_are_not_logged(self, remote: Remote) -> None:
        remote.knows(remote.issuer)
        with capture_logs() as logs:
            for _ in range(3):
                remote.publisher.reply = sends({}, 500)
                remote.clock.now += 301
                remote.knows(remote.issuer)
                remote.clock.now += 9.9
                remote.knows(remote.issuer)
                remote.publisher.publish(remote.issuer)
                remote.clock.now += 5.1
                remote.knows(remote.issuer)
        assert of_the_api(logs) == []

    def test_publisher_without_instances_is_unavailable(
        self, remote: Remote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(remote.keys._service, "urls", list)
        with pytest.raises(DependencyUnavailable, match="The API"):
            remote.knows(remote.issuer)

    def test_key_set_may_come_in_parts_up_to_its_largest_size(self, remote: Remote) -> None:
        keys = remote.issuer.jwks()
        size = remote_keys.LARGEST_SET - len(json.dumps({**keys, "more": ""}))
        content = json.dumps({**keys, "more": "x" * size}).encode()
        assert len(content) == remote_keys.LARGEST_SET

        def in_parts(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            for start in range(0, len(content), 20_000):
                handler.wfile.write(content[start : start + 20_000])
                handler.wfile.flush()

        remote.publisher.reply = in_parts
        assert remote.knows(remote.issuer)
        remote.publisher.reply = sends(content + b" ")
        remote.clock.now += 301
        remote.keys.key("x")
        assert remote.keys._failure is DependencyUnavailable and remote.keys._away_since is not None

    def test_dead_publisher_without_a_key_set_is_unavailable(self) -> None:
        keys = RemoteKeys(Rest(f"http://127.0.0.1:{free_port()}", "The registry"))
        with pytest.raises(DependencyUnavailable, match="The registry cannot be reached"):
            keys.key("x")

    def test_malformed_token_sends_no_request(self, remote: Remote) -> None:
        for token in ("a.b.c", jwt.encode({"sub": "ann"}, "x" * 32), "\ud800"):
            assert remote.verifier.verify(token) is None
        assert remote.count == 0

    def test_silent_publisher_is_a_timeout(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as mute:
            keys = RemoteKeys(Rest(f"http://127.0.0.1:{mute.getsockname()[1]}", "The API"))
            with ThreadPoolExecutor(6) as pool:
                waiting = [pool.submit(keys.key, "x") for _ in range(6)]
                problems = [each.exception() for each in waiting]
                assert all(
                    isinstance(each, DependencyTimeout) and each.part == "The API" for each in problems
                )
            mute.accept()[0].close()
            mute.setblocking(False)
            with pytest.raises(BlockingIOError):  # all share one wait
                mute.accept()

    def test_trickling_key_set_is_a_timeout(self, remote: Remote) -> None:
        ended = threading.Event()

        def trickle(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.end_headers()
            while not ended.wait(0.1):
                try:
                    handler.wfile.write(b" ")
                except OSError:
                    return

        remote.publisher.reply = trickle
        try:
            with pytest.raises(DependencyTimeout, match="The API"):
                remote.knows(remote.issuer)
        finally:
            ended.set()

    def test_other_threads_do_not_wait_for_a_refresh(
        self, remote: Remote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kit.tokens.remote.READ_SECONDS", PATIENCE)
        assert remote.knows(remote.issuer)
        reached, go_on = threading.Event(), threading.Event()
        good = remote.publisher.reply

        def slowly(handler: BaseHTTPRequestHandler) -> None:
            reached.set()
            go_on.wait(PATIENCE)
            good(handler)

        remote.publisher.reply = slowly
        remote.clock.now += 301
        with ThreadPoolExecutor(1) as pool:
            make_caller = pool.submit(remote.knows, remote.issuer)
            assert reached.wait(PATIENCE)
            assert remote.knows(remote.issuer)
            assert not make_caller.done()
            go_on.set()
            assert make_caller.result(PATIENCE)
        assert remote.count == 2

    def test_many_threads_at_once_send_one_request(self, remote: Remote) -> None:
        with ThreadPoolExecutor(16) as pool:
            assert all(pool.map(remote.knows, [remote.issuer] * 200))
            assert remote.count == 1
            new = new_issuer()
            remote.publisher.publish(new)
            remote.clock.now += 11
            assert all(pool.map(remote.knows, [new] * 200))
        assert remote.count == 2
