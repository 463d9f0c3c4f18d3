"""One service of step 3 as a process, with a real MongoDB and a real NATS."""

import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Any

import pytest
import requests
from pymongo.database import Database

from tests.step3.nats_server import NatsServer, nats_server
from tests.step3.surroundings import Mint, Owners, owners_at
from tests.support.builds import ROOT
from tests.support.client import Client, Reader
from tests.support.eventually import eventually
from workshop.ports import free_port
from workshop.stores.mongod import Mongod

KIND = {
    **dict.fromkeys(("posts", "tag", "like", "hide", "share", "members"), "aggregates"),
    **dict.fromkeys(("list", "search", "recommend", "tagged", "images"), "views"),
}
USERS = tomllib.loads((ROOT / "step3_async/step.toml").read_text())["nats"]["users"]
"""The users and permissions of the services, as in the step."""

START_SECONDS = 90.0


@dataclass
class SingleService:
    """A running service; `database` is its own."""

    service: str
    instance: str
    url: str
    process: subprocess.Popen[bytes]
    database: Database[dict[str, Any]]
    owners: Owners
    mint: Mint
    log: Path
    reader: str = field(default_factory=lambda: f"r_{token_hex(6)}")

    @property
    def visitor(self) -> Client:
        """Return a client without a token."""
        return Client(self.url)

    def signed_in(self, reader: str = "") -> Reader:
        """Return a reader with a token, by default always the same one."""
        name = reader or self.reader
        return Reader(self.url, name, self.mint.token(name))

    def written(self) -> str:
        """Return its log."""
        return self.log.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        """End it, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)


@dataclass(frozen=True)
class World:
    """The servers and keys that services need."""

    mongod: Mongod
    nats: NatsServer
    owners: Owners
    mint: Mint
    folder: Path

    @contextmanager
    def database(self, service: str) -> Iterator[Database[dict[str, Any]]]:
        """Yield a database for a service, with a user of the same name."""
        name = f"alone_{service}_{token_hex(4)}"
        self.mongod.add_user(name)
        with self.mongod.admin() as admin:
            yield admin[name]
            admin.drop_database(name)

    @contextmanager
    def running(
        self, service: str, database: Database[dict[str, Any]], settings: Mapping[str, str] | None = None
    ) -> Iterator[SingleService]:
        """Yield an instance of a service over a database."""
        port, instance = free_port(), f"{service}-{token_hex(4)}"
        log = self.folder / f"{instance}.log"
        env = {
            **os.environ,
            "PORT": str(port),
            "INSTANCE": instance,
            "VERSION": "v2",
            "MONGODB_URI": self.mongod.uri(database.name),
            "NATS_URL": self.nats.url(service),
            "GATEWAY_URL": self.mint.url,
            "TOKEN_KEY": token_urlsafe(32),
            "OTEL_TRACES_EXPORTER": "none",
            **(settings or {}),
        }
        command = ["-m", "kit.server", "--config", "step3_async/gunicorn.conf.py"]
        app = f"step3_async.{KIND[service]}.{service}.service:make_app()"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, *command, app], cwd=ROOT, env=env, stdout=out, stderr=out
            )
        url = f"http://127.0.0.1:{port}"
        alone = SingleService(service, instance, url, process, database, self.owners, self.mint, log)
        try:
            eventually(lambda: _check_live(alone), START_SECONDS)
            yield alone
        finally:
            if process.poll() is None:
                alone.end()

    @contextmanager
    def alone(self, service: str, settings: Mapping[str, str] | None = None) -> Iterator[SingleService]:
        """Yield an instance that is up, over a database of its own."""
        with self.database(service) as database, self.running(service, database, settings) as alone:
            self.owners.await_state(alone.instance, "up")
            yield alone


@pytest.fixture(scope="module")
def world(mongod: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("alone")
    mint = Mint()
    with nats_server(folder, **USERS) as server, owners_at(server.url()) as owners:
        yield World(mongod, server, owners, mint, folder)
    mint.close()


def _check_live(alone: SingleService) -> None:
    assert alone.process.poll() is None, alone.written()
    try:
        assert requests.get(f"{alone.url}/health/live", timeout=30).status_code == 200
    except requests.RequestException as error:
        raise AssertionError(str(error)) from error
