"""A real nats-server for tests, configured as the workshop configures it."""

import json
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from step3_async.rapids.nats.permissions import User, permissions_of
from tests.support.eventually import eventually
from workshop.ports import free_port
from workshop.stores.nats import configuration, find_nats_server

HOST = "127.0.0.1"
ADMIN = "admin"
START_SECONDS = 60


class NatsServer:
    """A server with these users, described as in a step's manifest, and `admin`, who may do everything.
    `more` extends its configuration.
    """

    def __init__(
        self, folder: Path, users: Mapping[str, dict[str, Any]], more: Mapping[str, Any] | None = None
    ) -> None:
        self.port = free_port()
        self.store = folder / "store"
        self._folder = folder
        self._users = {ADMIN: {"manages": True}, **users}
        self._more = dict(more or {})
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, and wait until it responds."""
        passwords = {user: f"password-{user}" for user in self._users}
        allowed = {
            name: permissions_of(name, User.model_validate(each)) for name, each in self._users.items()
        }
        file = self._folder / "nats.conf"
        content = json.loads(configuration(HOST, self.port, self.store, passwords, allowed))
        file.write_text(json.dumps({**content, **self._more}))
        with (self._folder / "nats.log").open("ab") as log:
            self._process = subprocess.Popen([find_nats_server(), "--config", file], stdout=log, stderr=log)
        eventually(self._responds, START_SECONDS)

    def url(self, user: str = ADMIN) -> str:
        """Return its address, with a user's credentials."""
        return f"nats://{user}:password-{user}@{HOST}:{self.port}"

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, by default with SIGTERM."""
        if self._process:
            self._process.send_signal(number)
            self._process.wait(START_SECONDS)
            self._process = None

    def kill(self) -> None:
        """End it with kill -9."""
        self.stop(signal.SIGKILL)

    def pause(self, paused: bool) -> None:
        """Suspend the server, or resume it."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP if paused else signal.SIGCONT)

    def wipe(self) -> None:
        """Remove all its stored data, after its end."""
        assert self._process is None
        shutil.rmtree(self.store)

    def _responds(self) -> None:
        assert self._process
        assert self._process.poll() is None, (self._folder / "nats.log").read_text()
        try:
            with socket.create_connection((HOST, self.port), 1) as connection:
                connection.settimeout(1)
                assert connection.recv(4) == b"INFO"
        except OSError as error:
            raise AssertionError(str(error)) from error


@contextmanager
def nats_server(folder: Path, **users: dict[str, Any]) -> Iterator[NatsServer]:
    """Yield a running server that stores its data in `folder`."""
    server = NatsServer(folder, users)
    server.start()
    try:
        yield server
    finally:
        server.stop()
