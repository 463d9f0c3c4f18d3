"""Which process holds a port, and which ports are suggested."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import pytest

from tests.support.nobody import as_nobody
from workshop.default_ports import default_ports
from workshop.ports import (
    HIGHEST_FREE,
    LOWEST_FREE,
    Owner,
    PortTaken,
    free_port,
    owner_of,
    port_from,
    require_distinct,
    require_free,
)
from workshop.steps import step_numbers

ROOT = Path(__file__).resolve().parents[2]

LISTEN = """
import socket, sys
host = sys.argv[1]
family = socket.AF_INET6 if ":" in host else socket.AF_INET
server = socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::")
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""

DRAW = """
import itertools, secrets
from workshop.ports import LOWEST_FREE, free_port
drawn = itertools.count({port} - LOWEST_FREE)
secrets.randbelow = lambda bound: next(drawn)
print(free_port())
"""
"""Draws `port` first, then the next ones."""


@contextmanager
def listener(host: str = "127.0.0.1") -> Iterator[tuple[int, int]]:
    """Yield port and process id of a process that listens on `host`."""
    command = [sys.executable, "-c", LISTEN, host]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield int(child.stdout.readline()), child.pid
        finally:
            child.stdin.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])
def test_a_listener_is_found_by_process(host: str) -> None:
    with listener(host) as (port, pid):
        owner = owner_of(port)
        assert owner is not None
        assert owner.pid == pid
        assert owner.name.startswith("python")
        with pytest.raises(PortTaken) as raised:
            require_free(port, "STEP0_PORT")
    message = raised.value.format_message()
    assert f"Port {port} on 127.0.0.1" in message
    assert f"(process {pid})" in message
    suggested = int(message.split("STEP0_PORT=")[1].split()[0])
    assert suggested != port
    assert owner_of(suggested) is None


def test_a_free_port_has_no_owner() -> None:
    with listener() as (port, _):
        pass
    assert owner_of(port) is None
    require_free(port, "STEP0_PORT")


def test_listener_at_another_address_does_not_matter() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux has all of 127.0.0.0/8")
    with listener("127.0.0.2") as (port, _):
        assert owner_of(port) is None
        assert owner_of(port, "127.0.0.2") is not None
        assert owner_of(port, "0.0.0.0") is not None


def test_socket_that_does_not_listen_is_found() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert owner_of(held.getsockname()[1]) is not None


def test_outgoing_connection_from_the_port_is_found() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert owner_of(client.getsockname()[1]).pid == os.getpid()


def test_suggested_port_is_free() -> None:
    with listener() as (port, _), socket.socket() as beside:
        with suppress(OSError):  # another process holds it already, which is enough
            beside.bind(("127.0.0.1", port + 100))
        with pytest.raises(PortTaken) as raised:
            require_free(port, "STEP0_PORT")
    assert raised.value.other not in {port, port + 100}


def test_a_free_port_is_given_to_one_process() -> None:
    first = free_port()
    result = subprocess.run(
        [sys.executable, "-c", DRAW.format(port=first)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    other = int(result.stdout)
    assert other != first
    for each in (first, other):  # servers can have them
        socket.create_server(("127.0.0.1", each)).close()


def test_no_default_port_is_used_twice() -> None:
    ports = default_ports()
    assert len(ports) > 30
    assert len(set(ports.values())) == len(ports)
    assert not set(ports.values()) & set(range(LOWEST_FREE, HIGHEST_FREE)) - {ports["MONGO_PORT"]}


def test_servers_started_alone_have_the_same_defaults() -> None:
    """Their configuration repeats the defaults, as steps know nothing of the workshop."""
    named = [
        (Path(file).name, variable, int(port))
        for file in ROOT.glob("step*/**/*.py")
        for variable, port in re.findall(r"\"(\w*PORT)\", \"?(\d+)", file.read_text())
    ]
    ports = default_ports()
    assert len(named) >= 7
    faces = {ports[f"STEP{number}_PORT"] for number in step_numbers()}
    for file, variable, port in named:
        wanted = {ports[variable]} if variable in ports else {*faces, *ports.values()}
        assert port in wanted, (file, variable, port)


def test_suggested_ports_are_distinct_and_no_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEP3_PORT", "7825")
    owner = Owner(1, "somebody")
    offers = [PortTaken(port, "STEP0_PORT", "127.0.0.1", owner).other for port in (7725, 7725, 7925, 27017)]
    assert len(set(offers)) == len(offers)
    assert not {7825, *default_ports().values()} & set(offers)


def test_parts_that_start_together_need_different_ports() -> None:
    require_distinct({"STEP0_PORT": 8000, "STEP1_PORT": 8001})
    with pytest.raises(click.ClickException, match="MAIL_HTTP_PORT and STEP0_PORT are both 8025") as raised:
        require_distinct({"MAIL_HTTP_PORT": 8025, "STEP1_PORT": 8001, "STEP0_PORT": 8025})
    assert re.search(r"STEP0_PORT=\d+ is free", raised.value.message)


def test_closing_connections_do_not_count() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()  # who closes first keeps the port in TIME_WAIT
        assert client.recv(1) == b""
        client.close()
    require_free(port, "STEP0_PORT")


@pytest.mark.root
def test_process_of_another_user_is_reported_as_invisible() -> None:
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("takes root, to look as somebody else")
    with listener() as (port, _):
        found = as_nobody(lambda: repr(owner_of(port)))
    assert found == repr(Owner(None, None))
    assert "may not see" in str(Owner(None, None))


def test_an_address_of_another_machine_is_refused_with_the_variable() -> None:
    with pytest.raises(click.ClickException) as raised:
        require_free(free_port(), "STEP0_PORT", "192.0.2.1")
    assert not isinstance(raised.value, PortTaken)
    assert "192.0.2.1" in raised.value.message
    assert "STEP0_PORT" in raised.value.message


def test_free_ports_never_repeat_and_are_free() -> None:
    ports = [free_port() for _ in range(300)]
    assert len(set(ports)) == len(ports)
    assert owner_of(ports[-1]) is None


def test_a_port_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEP0_PORT", raising=False)
    assert port_from("STEP0_PORT", 8000) == 8000
    for text, port in (("9000", 9000), ("1", 1), ("65535", 65535), ("", 8000)):
        monkeypatch.setenv("STEP0_PORT", text)
        assert port_from("STEP0_PORT", 8000) == port


@pytest.mark.parametrize("text", ["0", "65536", "-1", "80.5", "http", "８０００", " 8000"])
def test_invalid_port_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("STEP0_PORT", text)
    with pytest.raises(click.ClickException, match="STEP0_PORT"):
        port_from("STEP0_PORT", 8000)
