"""What the manifests start makes a replica set of MongoDB and a cluster of NATS, tried with real servers."""

import asyncio
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import nats
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.support.eventually import eventually
from workshop import state
from workshop.containers.files import secret_files
from workshop.containers.mongod import ReplicaSet
from workshop.kubernetes.stores import MEMBERS, NODES, nats_arguments
from workshop.ports import free_port
from workshop.steps import read_step
from workshop.stores.mongod import find_mongod
from workshop.stores.nats import find_nats_server, password

HOST = "127.0.0.1"
SECONDS = 90


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path / "state"))


@pytest.fixture
def started() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def start(started: ExitStack, *command: str) -> None:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    started.callback(process.wait)
    started.callback(process.kill)


def test_members_become_one_replica_set_with_an_administrator(started: ExitStack, tmp_path: Path) -> None:
    ports = [free_port() for _ in range(NODES)]
    key = tmp_path / "mongo.key"
    state.write_private(key, secret_files(read_step(3), ReplicaSet(MEMBERS))["mongo.key"])
    for port in ports:
        data = tmp_path / str(port)
        data.mkdir()
        start(
            started,
            *(str(find_mongod()), "--replSet", "rs0", "--keyFile", str(key), "--dbpath", str(data)),
            *("--bind_ip", HOST, "--port", str(port), "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"),
            *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        )
    mongod = ReplicaSet([f"{HOST}:{port}" for port in ports])
    mongod.initiate()
    mongod.initiate()  # as after a restart
    mongod.provision()
    uri = mongod.add_user("step3_like")

    def is_whole() -> None:
        try:
            with mongod.admin() as admin:
                members = admin.admin.command("replSetGetStatus")["members"]
        except PyMongoError as error:
            raise AssertionError(str(error)) from error
        assert sorted(each["stateStr"] for each in members) == ["PRIMARY", "SECONDARY", "SECONDARY"]

    eventually(is_whole, SECONDS)
    with MongoClient(uri, w=NODES, wtimeoutMS=SECONDS * 1000) as client:
        client.get_default_database().marks.insert_one({"_id": 1})


def test_servers_with_one_configuration_are_a_cluster(started: ExitStack, tmp_path: Path) -> None:
    text = secret_files(read_step(3), ReplicaSet(MEMBERS))["nats.conf"]
    ports, listens = ([free_port() for _ in range(NODES)] for _ in range(2))
    routes = ",".join(f"nats://{HOST}:{port}" for port in listens)
    for number, (port, listen) in enumerate(zip(ports, listens, strict=True)):
        file = tmp_path / f"{number}.conf"
        own = re.sub('"port": 4222', f'"port": {port}', text)
        own = own.replace('"/data"', f'"{tmp_path / str(number)}"')
        state.write_private(file, own)
        arguments = nats_arguments(f"nats-{number}", f"{HOST}:{listen}", routes, str(file))
        start(started, str(find_nats_server()), *arguments)
    urls = [f"nats://admin:{password('admin')}@{HOST}:{port}" for port in ports]

    async def replicas() -> int:
        client = await nats.connect(urls, connect_timeout=5)
        try:
            info = await client.jetstream().add_stream(name="tried", subjects=["tried"], num_replicas=NODES)
            await client.jetstream().publish("tried", b"", timeout=5)
            return 1 + len(info.cluster.replicas or [] if info.cluster else [])
        finally:
            await client.close()

    def is_one() -> None:
        try:
            found = asyncio.run(replicas())
        except (OSError, nats.errors.Error) as error:
            raise AssertionError(str(error)) from error
        assert found == NODES

    eventually(is_one, SECONDS)
