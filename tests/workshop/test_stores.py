"""The embedded MongoDB: shared, killed, adopted, moved, and private."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import psutil
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from workshop import state
from workshop.ports import PortTaken, free_port
from workshop.stores.mongod import Mongod, cache_advice
from workshop.stores.server import ServerFailed

USER = "somebody"


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("MONGO_PORT", str(free_port()))
    yield tmp_path / "state"
    Mongod().force_stop()


def write(address: str) -> int:
    with MongoClient(address) as client:
        collection = client.get_default_database()["things"]
        collection.insert_one({})
        return collection.count_documents({})


def kill(server: Mongod) -> None:
    assert server.process is not None
    server.process.send_signal(signal.SIGKILL)
    server.process.wait(60)


def test_kill_9_and_a_stale_pid_do_not_block_the_next_start(own_state: Path) -> None:
    with Mongod() as server:
        address = server.wait().add_user(USER)
        assert write(address) == 1
        noted = json.loads((own_state / "mongod.pid.json").read_text())
        kill(server)
        assert not server.is_alive()
    # The pid in the file now belongs to another process: this one.
    (own_state / "mongod.pid.json").write_text(json.dumps({**noted, "pid": os.getpid(), "port": 1}))
    with Mongod() as server:
        assert server.wait().started_here
        assert write(server.add_user(USER)) == 2


def test_server_is_recognised_after_the_clock_was_set(
    own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Mongod() as server:
        server.wait()
        booted = psutil.boot_time()
        # psutil 7 reads the time of the boot there, and counts all start times from it.
        monkeypatch.setattr("psutil._pslinux.boot_time", lambda: booted + 3600)
        with Mongod() as second:
            assert not second.started_here
            assert second.process == server.process


def test_last_user_stops_the_server(own_state: Path) -> None:
    with Mongod() as first:
        first.wait()
        with Mongod() as second:
            second.wait()
            assert not second.started_here
            assert second.process == first.process
        assert first.is_alive()
    assert not first.is_alive()


def test_a_server_whose_user_was_killed_is_adopted(own_state: Path) -> None:
    script = "from workshop.stores.mongod import Mongod; import os; m = Mongod(); m.__enter__(); m.wait(); "
    subprocess.run([sys.executable, "-c", script + "os.kill(os.getpid(), 9)"], check=False, timeout=90)
    with Mongod() as server:
        server.wait()
        assert not server.started_here
    assert not server.is_alive()


def test_last_user_stops_a_server_that_was_started_again(own_state: Path) -> None:
    with Mongod() as first:
        kill(first.wait())
        with Mongod() as second:
            second.wait()
    assert not second.is_alive()
    assert not (own_state / "mongod.pid.json").exists()


def test_data_can_be_used_at_another_port(own_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Mongod() as server:
        assert write(server.wait().add_user(USER)) == 1
    monkeypatch.setenv("MONGO_PORT", str(free_port()))
    with Mongod() as server:
        assert write(server.wait().add_user(USER)) == 2


def test_a_taken_port_names_its_owner_and_the_variable(own_state: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", int(os.environ["MONGO_PORT"]))),
        pytest.raises(PortTaken) as raised,
    ):
        Mongod().__enter__()
    message = raised.value.format_message()
    assert os.environ["MONGO_PORT"] in message
    assert "MONGO_PORT" in message
    assert str(os.getpid()) in message


@pytest.mark.parametrize("found", ["much", "0.1", "-1", "nan", "1e9"])
def test_invalid_cache_size_is_refused_with_its_variable(
    own_state: Path, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    monkeypatch.setenv("MONGO_CACHE_GB", found)
    with pytest.raises(click.ClickException, match="MONGO_CACHE_GB"):
        Mongod().__enter__()


def test_cache_has_the_size_of_its_variable(own_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGO_CACHE_GB", "0.5")
    with Mongod() as server:
        server.wait()
        with server.admin() as admin:
            found = admin.admin.command("serverStatus")["wiredTiger"]["cache"]
    assert found["maximum bytes configured"] == 2**29


def test_server_that_cannot_start_shows_the_end_of_its_log(own_state: Path) -> None:
    with Mongod() as server:
        server.wait()
    data = next(own_state.glob("mongo-*"))
    (data / "WiredTiger").write_text("spoilt")
    (data / "WiredTiger.turtle").write_text("spoilt")
    with pytest.raises(ServerFailed, match=r"mongod\.log"), Mongod() as server:
        server.wait()


def test_secrets_are_private_and_differ(own_state: Path) -> None:
    with Mongod() as server:
        server.wait().add_user(USER)
    assert stat.S_IMODE(own_state.stat().st_mode) == 0o700
    for name in ("secrets.json", "mongo.key"):
        assert stat.S_IMODE((own_state / name).stat().st_mode) == 0o600
    secrets = json.loads((own_state / "secrets.json").read_text())
    assert len(set(secrets.values())) == len(secrets) >= 3
    assert state.secret("mongo key") == secrets["mongo key"]


def test_each_user_reaches_its_own_database_only(own_state: Path) -> None:
    with Mongod() as server:
        server.wait()
        address, _ = server.add_user("one"), server.add_user("two")
        with MongoClient(address) as client:
            client["one"]["things"].insert_one({})
            for database in ("two", "admin", "local"):
                with pytest.raises(OperationFailure, match="not authorized"):
                    client[database]["things"].find_one()
        nobody = MongoClient(server.host, server.port, directConnection=True)
        with nobody, pytest.raises(OperationFailure, match="requires authentication"):
            nobody["one"]["things"].find_one()


def test_server_listens_on_loopback_without_zlib(own_state: Path) -> None:
    with Mongod() as server:
        server.wait()
        assert server.process is not None
        listening = {
            connection.laddr.ip
            for connection in server.process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        }
        assert listening == {"127.0.0.1"}
        with server.admin() as admin:
            options = admin.admin.command("getCmdLineOpts")["parsed"]
        assert options["net"]["compression"]["compressors"] == "snappy,zstd"


@pytest.mark.parametrize(
    ("posts", "cache", "advised"),
    [(2_000, None, None), (179_000, None, "MONGO_CACHE_GB=2 "), (179_000, "2", None), (10**6, "2", "=9 ")],
)
def test_too_small_cache_for_the_posts_is_reported(
    monkeypatch: pytest.MonkeyPatch, posts: int, cache: str | None, advised: str | None
) -> None:
    monkeypatch.delenv("MONGO_CACHE_GB", raising=False)
    if cache:
        monkeypatch.setenv("MONGO_CACHE_GB", cache)
    found = cache_advice(posts * 787)  # bytes of a generated post
    assert found is None if advised is None else found is not None and advised in found
