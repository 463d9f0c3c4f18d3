"""Find instances by the names that a name server knows."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kit.clients.discovery import Services
from kit.clients.names import Found, Names, is_ready, resolve
from kit.clients.rest import Rest
from kit.http.problems import DependencyUnavailable
from tests.kit.test_rest import Server
from tests.support.eventually import eventually, holds
from workshop.ports import free_port

NAME = "http://search:8000"
FIRST, SECOND = "http://10.0.0.1:8000", "http://10.0.0.2:8000"
PATIENCE = 60


class NameServer:
    """What a name server and the instances say; `asked` has the addresses that were asked whether they are
    ready.
    """

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.ready: set[str] = set()
        self.asked: list[str] = []

    def names(self) -> Names:
        return Names(lambda _name: [*self.addresses], self.is_ready)

    def is_ready(self, url: str) -> bool:
        self.asked.append(url)
        return url in self.ready


@pytest.fixture
def server() -> NameServer:
    return NameServer()


def test_addresses_are_found_once_they_are_ready(server: NameServer) -> None:
    server.addresses, server.ready = [FIRST, SECOND], {FIRST}
    names = server.names()
    assert names.find(NAME) == Found((FIRST,), (SECOND,))
    server.ready.add(SECOND)
    names.refresh()
    assert names.find(NAME) == Found((FIRST, SECOND))


def test_addresses_are_not_asked_any_more_once_they_are_ready(server: NameServer) -> None:
    server.addresses, server.ready = [FIRST], {FIRST}
    names = server.names()
    for _ in range(3):
        names.find(NAME)
        names.refresh()
    assert server.asked == [FIRST]


def test_address_that_comes_back_is_asked_again(server: NameServer) -> None:
    server.addresses, server.ready = [FIRST], {FIRST}
    names = server.names()
    names.find(NAME)
    server.addresses, server.ready = [], set()
    names.refresh()
    assert names.find(NAME) == Found()
    server.addresses = [FIRST]
    names.refresh()
    assert names.find(NAME) == Found((), (FIRST,))


def test_names_are_looked_up_again_without_being_asked_to(server: NameServer) -> None:
    names = server.names()
    assert names.find(NAME) == Found()
    server.addresses, server.ready = [FIRST], {FIRST}
    eventually(holds(lambda: names.find(NAME).urls == (FIRST,)), PATIENCE)


def test_many_threads_look_a_new_name_up_once(server: NameServer) -> None:
    server.addresses, server.ready = [FIRST], {FIRST}
    names, together = server.names(), threading.Barrier(8)

    def find(_number: int) -> Found:
        together.wait(PATIENCE)
        return names.find(NAME)

    with ThreadPoolExecutor(8) as pool:
        assert {*pool.map(find, range(8))} == {Found((FIRST,))}
    assert server.asked == [FIRST]


def test_unknown_name_has_no_addresses() -> None:
    assert resolve("http://no-such-host.invalid:80") == []


@pytest.fixture
def instance() -> Iterator[Server]:
    server = Server()
    yield server
    server.stop()


def test_service_behind_a_name_is_called(instance: Server, tmp_path: Path) -> None:
    port = instance.url.rpartition(":")[2]
    file = tmp_path / "services.json"
    file.write_text(json.dumps({"a": {"v1": {"share": 100, "name": f"http://localhost:{port}"}}}))
    services = Services(str(file))
    assert f"http://127.0.0.1:{port}" in services.urls("a")
    assert Rest(services.finder("a"), "A").call("GET", "/").json() == {"ok": True}


def test_service_whose_name_is_unknown_is_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "services.json"
    file.write_text(json.dumps({"a": {"v1": {"share": 100, "name": "http://no-such-host.invalid"}}}))
    services = Services(str(file))
    assert services.finder_with_filling("a")() == []
    with pytest.raises(DependencyUnavailable):
        Rest(services.finder("a"), "A").call("GET", "/")


def test_instance_that_does_not_listen_is_not_ready() -> None:
    assert not is_ready(f"http://127.0.0.1:{free_port()}")
