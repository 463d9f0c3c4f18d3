"""The embedded NATS server: shared, killed, with other users, and private."""

import asyncio
import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from step3_async.rapids.connect import connect
from step3_async.rapids.nats.permissions import User, permissions_of
from step3_async.rapids.nats.streams import provision
from tests.step3.nats_helpers import asynchronous, connections, event, number_of, take
from tests.support.foreign_variables import ODD_NAME
from workshop import state
from workshop.ports import PortTaken, free_port
from workshop.steps import NatsUsers, read_step
from workshop.stores import nats as embedded
from workshop.stores.nats import NatsServer
from workshop.stores.permissions import permissions

USERS: dict[str, dict[str, Any]] = {
    "admin": {"manages": True},
    "capture": {"publishes": ["posts"], "provisions": True},
    "list": {"subscriptions": ["posts"]},
}
ALLOWED = {name: permissions_of(name, User.model_validate(each)) for name, each in USERS.items()}


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path / f'{ODD_NAME} "\\b\x08 #'))
    monkeypatch.setenv("NATS_PORT", str(free_port()))
    yield state.folder()
    NatsServer().force_stop()


def kill(server: NatsServer) -> None:
    assert server.process is not None
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(60)


def can_connect(server: NatsServer, user: str) -> bool:
    """Return whether a user can connect now."""

    async def come() -> bool:
        transport = await connect(user, url=server.url(user), timeout=3)
        try:
            return transport.connected
        finally:
            await transport.close()

    return asyncio.run(come())


def test_passwords_are_readable_by_their_owner_only(own_state: Path) -> None:
    with NatsServer(ALLOWED) as server:
        server.wait()
        assert can_connect(server, "list")
        assert stat.S_IMODE((own_state / "nats.conf").stat().st_mode) == 0o600
        assert state.secret("nats user list") in (own_state / "nats.conf").read_text()
        assert state.secret("nats user list") not in (own_state / "nats.log").read_text()


def test_server_is_shared_and_stopped_by_its_last_user(own_state: Path) -> None:
    with NatsServer(ALLOWED) as first:
        first.wait()
        with NatsServer() as second:
            second.wait()
            assert not second.started_here
            assert second.process == first.process
            assert can_connect(second, "admin")
        assert first.is_alive()
    assert not first.is_alive()
    with pytest.raises(click.ClickException, match="Start a step"), NatsServer():
        pass


def test_second_run_adds_its_users(own_state: Path) -> None:
    with NatsServer(ALLOWED) as first:
        first.wait()
        with NatsServer({**ALLOWED, "search": ALLOWED["list"]}) as second:
            second.wait()
            assert can_connect(second, "search")
            assert can_connect(first, "list")


@asynchronous
async def test_server_is_started_again_with_its_data(own_state: Path) -> None:
    with NatsServer(ALLOWED) as server:
        await asyncio.to_thread(server.wait)
        async with connections(server) as connect_as:  # type: ignore[arg-type]
            capture, reader = await connect_as("capture"), await connect_as("list")
            river = await reader.open_river("list", ["posts"])
            await capture.publish_events([event(1)])
            await asyncio.to_thread(kill, server)
            assert not server.is_alive()
            await asyncio.to_thread(server.restart)
            await capture.publish_events([event(2)])
            seen: set[int] = set()
            while seen != {1, 2}:
                seen.add(number_of((await take(river, 1))[0]))


def test_a_taken_port_is_named_with_its_owner_and_variable(
    own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv("NATS_PORT", str(port))
        with (
            pytest.raises(PortTaken, match=rf"{port} .*process {os.getpid()}.*NATS_PORT"),
            NatsServer(ALLOWED),
        ):
            pass


def test_old_server_on_the_path_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "nats-server"
    old.write_text("#!/bin/sh\necho nats-server: v2.9.25\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert embedded.version(old) == (2, 9)
    assert embedded.find_nats_server() != old
    monkeypatch.setattr(embedded.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(click.ClickException, match=r"2\.10"):
        embedded.find_nats_server()


def test_manifest_with_unknown_keys_is_refused() -> None:
    command = "{python} -m step3_async.rapids.nats.permissions"
    assert permissions(NatsUsers(USERS, command)) == ALLOWED
    with pytest.raises(click.ClickException, match="takse"):
        permissions(NatsUsers({"list": {"takse": ["posts"]}}, command))


def test_the_manifest_gives_each_service_a_user_of_its_own() -> None:
    step = read_step(3)
    assert step.nats is not None
    assert set(step.services) <= set(step.nats.users)
    assert [name for name, each in step.nats.users.items() if each.get("manages")] == ["admin"]
    assert [name for name, each in step.nats.users.items() if each.get("publishes")] == ["capture"]
    assert set(permissions(step.nats)) == set(step.nats.users)


def test_streams_get_their_limits_from_the_environment(
    own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPIDS_MAX_BYTES", "300000")
    with NatsServer(ALLOWED) as server:
        server.wait()
        asyncio.run(provision(server.url("admin")))
        asyncio.run(fill(server))


async def fill(server: NatsServer) -> None:
    """Publish more than there is room for: the oldest is deleted, the newest stays."""
    async with connections(server) as connect_as:  # type: ignore[arg-type]
        capture, reader = await connect_as("capture", provisions=False), await connect_as("list")
        begun = await reader.open_river("list", ["posts"])
        await begun.close()
        await capture.publish_events([event(number, size=10_000) for number in range(100)])
        left = await begun.pending()
        assert 10 < left < 100
        river = await reader.open_river("list", ["posts"])
        assert [number_of(each) for each in await take(river, left)] == list(range(100 - left, 100))
