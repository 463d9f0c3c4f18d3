"""Find instances of services in a file that others replace, and send them requests."""

import json
import os
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from kit.clients.discovery import Services
from kit.clients.rest import Rest
from kit.http.headers import SERVICE_VERSION
from kit.http.problems import DependencyUnavailable, Refused
from tests.kit.test_rest import Server, hangs_up, sends
from workshop.ports import free_port

DRAWS = 600
PATIENCE = 60

Content = dict[str, dict[str, Any]]


def version(share: int, *urls: str) -> dict[str, Any]:
    return {"share": share, "urls": list(urls)}


def replace(file: Path, content: Content) -> None:
    """Replace the file as a whole, as the program does that starts and stops instances."""
    draft = file.with_name(f"{file.name}.{threading.get_ident()}")
    draft.write_text(json.dumps(content))
    draft.replace(file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "services.json"


@pytest.fixture
def services(file: Path) -> Services:
    return Services(str(file))


def drawn(services: Services, service: str = "a", times: int = DRAWS) -> Counter[str]:
    """Return how often each address comes first."""
    return Counter(services.urls(service)[0] for _ in range(times))


class TestFile:
    def test_all_instances_of_a_version_are_found(self, file: Path, services: Services) -> None:
        replace(file, {"a": {"v1": version(100, "u1", "u2", "u3")}})
        assert sorted(services.urls("a")) == ["u1", "u2", "u3"]
        assert set(drawn(services)) == {"u1", "u2", "u3"}, "each comes first at times"

    def test_replaced_file_is_read_again(self, file: Path, services: Services) -> None:
        find = services.finder("a")
        for number in range(20):
            replace(file, {"a": {"v1": version(100, f"u{number}")}})
            assert find() == [f"u{number}"]

    def test_unchanged_file_is_not_read_again(self, file: Path, services: Services) -> None:
        replace(file, {"a": {"v1": version(100, "u1")}})
        known = services.current()
        assert services.current() is known

    def test_missing_file_has_no_instances(self, services: Services) -> None:
        assert services.current() == {}
        assert services.urls("a") == []

    def test_file_may_be_written_later(self, file: Path, services: Services) -> None:
        assert services.urls("a") == []
        replace(file, {"a": {"v1": version(100, "u1")}})
        assert services.urls("a") == ["u1"]

    @pytest.mark.parametrize("content", [None, "", "{", '{"a": {"v1"', "\x00"])
    def test_known_instances_stay_if_the_file_cannot_be_read(
        self, file: Path, services: Services, content: str | None
    ) -> None:
        replace(file, {"a": {"v1": version(100, "u1")}})
        assert services.urls("a") == ["u1"]
        if content is None:
            file.unlink()
        else:
            file.write_text(content)
        assert services.urls("a") == ["u1"]
        replace(file, {"a": {"v1": version(100, "u2")}})
        assert services.urls("a") == ["u2"]

    def test_replacement_with_the_same_time_stamp_is_noticed(self, file: Path, services: Services) -> None:
        """Two may be written within one tick of the clock."""
        for number in range(5):
            replace(file, {"a": {"v1": version(100, f"u{number}")}})
            os.utime(file, ns=(10**18, 10**18))
            kept = file.with_name(f"kept-{number}")
            kept.hardlink_to(file)  # so that its number is not given to the next
            assert services.urls("a") == [f"u{number}"]

    def test_readers_see_complete_files_while_it_is_replaced(self, file: Path, services: Services) -> None:
        """Each reader gets one complete file, and in the end the last one."""

        def content(number: int) -> Content:
            return {"a": {"v1": version(100, *(f"u{number}-{each}" for each in range(50)))}}

        replace(file, content(0))
        done = threading.Event()

        def read() -> int:
            count = 0
            while not done.is_set():
                urls = services.urls("a")
                assert len(urls) == 50
                assert len({url.partition("-")[0] for url in urls}) == 1
                count += 1
            return count

        with ThreadPoolExecutor(4) as pool:
            readers = [pool.submit(read) for _ in range(4)]
            try:
                for number in range(1, 200):
                    replace(file, content(number))
            finally:
                done.set()
            counts = [each.result(PATIENCE) for each in readers]
        assert min(counts) > 0
        assert services.urls("a")[0].startswith("u199-")


class TestShares:
    @pytest.mark.parametrize(("first", "second"), [(90, 10), (50, 50), (1, 99)])
    def test_shares_choose_among_versions(
        self, file: Path, services: Services, first: int, second: int
    ) -> None:
        replace(file, {"a": {"v1": version(first, "u1"), "v2": version(second, "u2")}})
        expected = DRAWS * first / 100
        # Six standard deviations: beyond them once in 500 million runs.
        assert abs(drawn(services)["u1"] - expected) <= 6 * (expected * second / 100) ** 0.5

    def test_all_addresses_are_of_one_version(self, file: Path, services: Services) -> None:
        replace(file, {"a": {"v1": version(50, "u1", "u2"), "v2": version(50, "w1", "w2")}})
        seen = {"".join(sorted(url[0] for url in services.urls("a"))) for _ in range(DRAWS)}
        assert seen == {"uu", "ww"}

    def test_version_with_a_share_of_0_is_never_chosen(self, file: Path, services: Services) -> None:
        replace(file, {"a": {"v1": version(0, "u1"), "v2": version(100, "u2")}})
        assert set(drawn(services)) == {"u2"}

    def test_version_without_instances_is_skipped(self, file: Path, services: Services) -> None:
        replace(file, {"a": {"v1": version(90), "v2": version(10, "u2")}})
        assert set(drawn(services)) == {"u2"}

    @pytest.mark.parametrize("versions", [{}, {"v1": version(100)}, {"v1": version(0, "u1")}], ids=str)
    def test_service_without_instances_has_no_addresses(
        self, file: Path, services: Services, versions: dict[str, Any]
    ) -> None:
        replace(file, {"a": versions})
        assert services.urls("a") == []


class TestHeader:
    @pytest.fixture
    def addresses_for(self, file: Path, services: Services) -> Callable[..., list[str]]:
        """Return the addresses found during a request with that header."""
        replace(
            file, {"a": {"v1": version(0, "u1"), "v2": version(100, "u2")}, "b": {"v9": version(100, "b9")}}
        )
        app = Flask("face")

        def find(header: str | None, service: str = "a") -> list[str]:
            with app.test_request_context(headers={} if header is None else {SERVICE_VERSION: header}):
                return services.urls(service)

        return find

    @pytest.mark.parametrize(
        ("header", "found"),
        [
            *(("a=v1", "u1"), ("a=v2", "u2"), (" a = v1 ", "u1"), ("b=v9,a=v1", "u1"), ("a=v1,a=v2", "u1")),
            *(
                (None, "u2"),
                ("", "u2"),
                ("b=v1", "u2"),
                ("a", "u2"),
                ("a=", "u2"),
                ("=v1", "u2"),
                (",,", "u2"),
            ),
            *(("A=v1", "u2"), ("aa=v1", "u2"), ("a==v1", None), ("a=v3", None), ("a=v1;b=v9", None)),
        ],
    )
    def test_header_names_versions(
        self, addresses_for: Callable[..., list[str]], header: str | None, found: str | None
    ) -> None:
        if found is None:
            with pytest.raises(Refused, match=r"There is no a .*; there is: v1, v2"):
                addresses_for(header)
        else:
            assert addresses_for(header) == [found]

    def test_header_may_name_versions_of_other_services(
        self, addresses_for: Callable[..., list[str]]
    ) -> None:
        assert addresses_for("a=v1, b=v9", "b") == ["b9"]
        with pytest.raises(Refused):
            addresses_for("b=v1", "b")

    def test_named_version_without_instances_is_refused(
        self, file: Path, addresses_for: Callable[..., list[str]]
    ) -> None:
        replace(file, {"a": {"v1": version(0), "v2": version(100, "u2")}})
        assert addresses_for("a=v1") == []

    def test_outside_a_request_there_is_no_header(
        self, services: Services, addresses_for: Callable[..., list[str]]
    ) -> None:
        assert services.urls("a") == ["u2"]


@pytest.fixture
def servers() -> Iterator[list[Server]]:
    made = [Server() for _ in range(3)]
    for number, server in enumerate(made):
        server.reply = sends({"server": number})
    yield made
    for server in made:
        server.stop()


def dead_address() -> str:
    """Return an address that refuses connections."""
    return f"http://127.0.0.1:{free_port()}"


class TestCallingInstances:
    @pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
    def test_first_address_gets_the_request(self, servers: list[Server], method: str) -> None:
        rest = Rest(lambda: [server.url + "/" for server in servers], "A")
        assert rest.call(method, "/x").json() == {"server": 0}
        assert [len(server.requests) for server in servers] == [1, 0, 0]

    @pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
    @pytest.mark.parametrize("dead", [1, 2, 5])
    def test_instance_that_refuses_a_connection_is_skipped(
        self, servers: list[Server], method: str, dead: int
    ) -> None:
        """Also by a request that must not be sent twice: no instance has received it."""
        urls = [*(dead_address() for _ in range(dead)), servers[0].url]
        body = {"a": 1}
        assert Rest(lambda: urls, "A").call(method, "/x?y=1", json=body).json() == {"server": 0}
        ((requested, path, _, sent),) = servers[0].requests
        assert (requested, path, json.loads(sent)) == (method, "/x?y=1", body)

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_instance_that_refused_comes_last_for_a_while(self, servers: list[Server], method: str) -> None:
        dead = dead_address()
        rest = Rest(lambda: [dead, servers[0].url, servers[1].url], "A")
        assert rest.urls()[0] == dead
        rest.call(method, "/x")
        assert rest.urls() == [servers[0].url, servers[1].url, dead]

    def test_instance_that_is_back_gets_requests_again(self, servers: list[Server]) -> None:
        urls = [dead_address()]
        rest = Rest(lambda: urls, "A")
        with pytest.raises(DependencyUnavailable):
            rest.call("GET", "/x")
        with (
            socket.create_server(("127.0.0.1", int(urls[0].rpartition(":")[2]))) as back,
            ThreadPoolExecutor(1) as pool,
        ):
            requested = pool.submit(rest.call, "POST", "/x", read_seconds=PATIENCE)
            connection, _ = back.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            connection.close()
            assert requested.result(PATIENCE).status_code == 204

    def test_idempotent_request_is_sent_to_the_next_instance(self, servers: list[Server]) -> None:
        servers[0].reply = hangs_up
        rest = Rest(lambda: [server.url for server in servers], "A")
        assert rest.call("PUT", "/x").json() == {"server": 1}
        assert [len(server.requests) for server in servers] == [1, 1, 0]

    def test_other_request_that_was_received_is_not_sent_again(self, servers: list[Server]) -> None:
        servers[0].reply = hangs_up
        rest = Rest(lambda: [server.url for server in servers], "A")
        with pytest.raises(DependencyUnavailable):
            rest.call("POST", "/x")
        assert [len(server.requests) for server in servers] == [1, 0, 0]

    def test_error_response_is_not_retried(self, servers: list[Server]) -> None:
        servers[0].reply = sends({"_error": {"message": "Not now."}}, 503)
        rest = Rest(lambda: [server.url for server in servers], "A")
        with pytest.raises(DependencyUnavailable, match="Not now"):
            rest.call("GET", "/x")
        assert [len(server.requests) for server in servers] == [1, 0, 0]

    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize("count", [0, 1, 4])
    def test_service_without_live_instances_is_unavailable(self, method: str, count: int) -> None:
        urls = [dead_address() for _ in range(count)]
        with pytest.raises(DependencyUnavailable, match="A cannot be reached"):
            Rest(lambda: urls, "A").call(method, "/x")

    def test_health_request_skips_a_dead_instance(self, servers: list[Server]) -> None:
        servers[0].reply = sends({"parts": {"mongodb": "ok"}})
        urls = [dead_address(), servers[0].url]
        assert Rest(lambda: urls, "A").health() == {"mongodb": True}

    def test_unknown_version_sends_no_request(self, file: Path, servers: list[Server]) -> None:
        replace(file, {"a": {"v1": version(100, servers[0].url)}})
        rest = Rest(Services(str(file)).finder("a"), "A")
        with (
            Flask("face").test_request_context(headers={SERVICE_VERSION: "a=v7"}),
            pytest.raises(Refused, match="There is no a v7"),
        ):
            rest.call("GET", "/x")
        assert servers[0].requests == []
