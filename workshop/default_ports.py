"""The default ports of all steps and servers, by the variable that sets each."""

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import click

from workshop.state import ROOT


@dataclass(frozen=True)
class SharedPort:
    """A port of a server that steps share: its default, the variables that set its port and its address, and
    the one that names another server to use instead.
    """

    name: str
    variable: str
    default: int
    host_variable: str
    server_variable: str

    @property
    def host(self) -> str:
        """The address to listen on."""
        return os.environ.get(self.host_variable) or "127.0.0.1"

    @property
    def is_given(self) -> bool:
        """Whether a server of somebody else is used instead."""
        return bool(os.environ.get(self.server_variable))


SHARED_PORTS = (
    SharedPort("MongoDB", "MONGO_PORT", 27117, "MONGO_HOST", "MONGODB_URI"),
    SharedPort("NATS", "NATS_PORT", 4222, "NATS_HOST", "NATS_URL"),
    SharedPort("SMTP", "MAIL_SMTP_PORT", 1025, "MAIL_HOST", "SMTP_HOST"),
    SharedPort("mail page", "MAIL_HTTP_PORT", 8025, "MAIL_HOST", "SMTP_HOST"),
)


@cache
def default_ports() -> dict[str, int]:
    """Return the ports of the shared servers and of all steps in the repository."""
    ports = {each.variable: each.default for each in SHARED_PORTS}
    for path in sorted(ROOT.glob("step[0-9]_*/step.toml")):
        ports |= step_ports(int(path.parent.name[4]), read_manifest(path))
    return ports


def read_manifest(path: Path) -> dict[str, Any]:
    """Return what a step's manifest says. Raises click.ClickException when it is no TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise click.ClickException(f"{path.relative_to(ROOT)} cannot be read: {error}.") from None


def step_ports(step: int, manifest: dict[str, Any]) -> dict[str, int]:
    """Return the ports that a step's manifest names: of its face, its processes and its services."""
    services = {port_variable(step, name): own["port"] for name, own in manifest.get("service", {}).items()}
    return {f"STEP{step}_PORT": manifest["port"], **manifest.get("ports", {}), **services}


def port_variable(step: int, service: str) -> str:
    """Return the variable that sets the port of a service's first instance."""
    return f"STEP{step}_{service.upper().replace('-', '_')}_PORT"
