"""The default port of every part of the workshop, by the variable that moves it."""

import os
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from workshop.state import ROOT


@dataclass(frozen=True)
class Shared:
    """A port of a server that steps share: its default, the variables that move it to another port and
    address, and the one that names a server to use instead."""

    name: str
    variable: str
    default: int
    host_variable: str
    given: str

    @property
    def host(self) -> str:
        """Its address."""
        return os.environ.get(self.host_variable) or "127.0.0.1"

    @property
    def is_given(self) -> bool:
        """Whether somebody else's server is used instead."""
        return bool(os.environ.get(self.given))


SHARED = (
    Shared("MongoDB", "MONGO_PORT", 27117, "MONGO_HOST", "MONGODB_URI"),
    Shared("NATS", "NATS_PORT", 4222, "NATS_HOST", "NATS_URL"),
    Shared("SMTP", "MAIL_SMTP_PORT", 1025, "MAIL_HOST", "SMTP_HOST"),
    Shared("mail page", "MAIL_HTTP_PORT", 8025, "MAIL_HOST", "SMTP_HOST"),
)


@cache
def default_ports() -> dict[str, int]:
    """Those of the shared servers, and of all steps that are here."""
    ports = {each.variable: each.default for each in SHARED}
    for path in sorted(ROOT.glob("step[0-9]_*/step.toml")):
        ports |= ports_of(int(path.parent.name[4]), tomllib.loads(path.read_text(encoding="utf-8")))
    return ports


def ports_of(step: int, told: dict[str, Any]) -> dict[str, int]:
    """Those that a step's manifest names: of its face, its processes and its services."""
    services = {port_variable(step, name): own["port"] for name, own in told.get("service", {}).items()}
    return {f"STEP{step}_PORT": told["port"], **told.get("ports", {}), **services}


def port_variable(step: int, service: str) -> str:
    """The variable that moves the first instance of a service."""
    return f"STEP{step}_{service.upper().replace('-', '_')}_PORT"
