"""The embedded NATS server: JetStream on disk, and a user with its own permissions for each service."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from workshop import state
from workshop.addresses import host_from, host_in_url, reachable_host
from workshop.ports import port_from
from workshop.steps import Step
from workshop.stores.permissions import permissions
from workshop.stores.server import SharedServer, version_text

OLDEST = (2, 10)
MOST_MESSAGE_BYTES = 8 * 1024 * 1024
MOST_STORE_BYTES = 64 * 1024**3
"""More than all streams together: their own limits count, not what is free on the disk now."""

RESPONSE_SECONDS = 1.0

ADVICE = (
    f"Install nats-server {OLDEST[0]}.{OLDEST[1]} or newer so that it is on the PATH, or let `make run` "
    "bring its own; or give NATS_URL of a server that runs already."
)

Permissions = Mapping[str, Any]


def find_nats_server() -> Path:
    """Return the server to start: one on the PATH that is new enough, else the embedded one.

    Raises click.ClickException with advice when there is neither.
    """
    for folder in (None, sysconfig.get_path("scripts")):
        found = shutil.which("nats-server", path=folder)
        if found and version(Path(found)) >= OLDEST:
            return Path(found)
    raise click.ClickException(f"There is no NATS server on this machine. {ADVICE}")


def version(binary: Path) -> tuple[int, int]:
    """Return the major and minor version of a nats-server, (0, 0) if it does not run."""
    try:
        output = version_text(binary)
    except (OSError, subprocess.SubprocessError):
        return 0, 0
    match = re.search(r"v(\d+)\.(\d+)", output)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def configuration(
    host: str, port: int, store: Path, passwords: Mapping[str, str], permissions: Mapping[str, Permissions]
) -> str:
    """Return the text of the server's configuration file. It makes acknowledged messages durable."""
    users = [
        {"user": name, "password": passwords[name], "permissions": allowed}
        for name, allowed in permissions.items()
    ]
    settings: dict[str, Any] = {
        "host": host,
        "port": port,
        "server_name": "stepping-stones",
        "max_payload": MOST_MESSAGE_BYTES,
        "jetstream": {
            "store_dir": str(store),
            "sync_interval": "always",
            "max_file_store": MOST_STORE_BYTES,
        },
        "authorization": {"users": users},
    }
    return _serialise(settings)


class NatsServer(SharedServer):
    """Takes port and host from NATS_PORT and NATS_HOST. `allowed` holds the permissions of each user; without
    them it cannot start a server, only find one.
    """

    name = "nats"
    variable = "NATS_PORT"

    def __init__(self, allowed: Mapping[str, Permissions] | None = None) -> None:
        super().__init__(host_from("NATS_HOST"), port_from(self.variable))
        self._allowed = allowed

    def command(self) -> list[str]:
        """Write the configuration file, which has passwords, and return a command that reads it."""
        if self._allowed is None:
            raise click.ClickException("NATS does not run. Start a step that needs it: `make run STEP=3`.")
        binary = find_nats_server()
        state.write_private(self._file, self._configuration())
        return [str(binary), "--config", str(self._file)]

    def is_responding(self) -> bool:
        """Return whether the server sends its greeting, as it does once it accepts connections."""
        try:
            with socket.create_connection(
                (reachable_host(self.host), self.port), RESPONSE_SECONDS
            ) as connection:
                connection.settimeout(RESPONSE_SECONDS)
                return connection.recv(4) == b"INFO"
        except OSError:
            return False

    def provision(self) -> None:
        """Add this run's users to a server that another run has started."""
        if self._allowed is None or self.process is None:
            return
        wanted = self._configuration()
        if self._file.read_text() != wanted:
            state.write_private(self._file, wanted)
            self.process.send_signal(signal.SIGHUP)

    def url(self, user: str) -> str:
        """Return the address of the server with the credentials of a user."""
        return url_of(user, self.host, self.port)

    @property
    def _file(self) -> Path:
        return state.folder() / "nats.conf"

    def _configuration(self) -> str:
        store, allowed = state.folder() / "nats", self._allowed or {}
        passwords = {user: password(user) for user in allowed}
        return configuration(self.host, self.port, store, passwords, allowed)


def _serialise(settings: dict[str, Any]) -> str:
    r"""Return settings as JSON, which is valid in the server's own format except for most escapes: it knows
    characters beyond ASCII only as bytes, such as \xc3\xa9.
    """

    def escape_bytes(found: re.Match[str]) -> str:
        if found[0] in {r"\\", r"\"", r"\n", r"\r", r"\t"}:
            return found[0]
        return "".join(f"\\x{byte:02x}" for byte in os.fsencode(json.loads(f'"{found[0]}"')))

    return re.sub(r"(?:\\u[0-9a-f]{4})+|\\.", escape_bytes, json.dumps(settings, indent=1))


def nats_server_of(step: Step) -> NatsServer | None:
    """Return the server with the users of a step, or None if the step has no events. Raises
    click.ClickException.
    """
    return NatsServer(permissions(step.nats)) if step.nats else None


def password(user: str) -> str:
    """Return the password of a user."""
    return state.secret(f"nats user {user}")


def url_of(user: str, host: str, port: int) -> str:
    """Return the address of a server with the credentials of a user."""
    return f"nats://{quote(user)}:{quote(password(user))}@{host_in_url(host)}:{port}"
