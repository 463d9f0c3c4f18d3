"""Services as a step's manifest describes them."""

from dataclasses import dataclass
from typing import Any

import click

from workshop.defaults import port_variable
from workshop.ports import port_from

ONLY = "v1"
"""The version of a service that has but one."""

FACE = "face"
"""What `socket` may be: the listening socket of the step's face, held by the run and shared by instances."""


@dataclass(frozen=True)
class Version:
    """One version of a service; `share` is its percentage of the requests that ask for none."""

    share: int
    command: str
    env: dict[str, str]


@dataclass(frozen=True)
class Service:
    """A service and its versions, the first of which has its first instance on `port`."""

    name: str
    variable: str
    port: int
    versions: dict[str, Version]
    prefixes: dict[str, str]
    """What the names of a version's instances begin with."""

    is_face: bool
    """Whether its instances share the socket of the step's face."""

    def instance(self, version: str, number: int) -> str:
        """The name of a version's instance of that number, from 1."""
        return self.prefixes[version] + (f"-{number}" if number > 1 else "")

    def is_first(self, version: str, number: int) -> bool:
        """Whether that instance is the one that listens on `port`."""
        return number == 1 and version == next(iter(self.versions))


def read_services(step: int, told: dict[str, Any]) -> dict[str, Service]:
    """The services of a manifest by name. Raises click.ClickException when a variable sets no port."""
    return {
        name: _service(step, name, _whole(name, own, told)) for name, own in told.get("service", {}).items()
    }


def _whole(name: str, own: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """A service with what all have, as far as it says nothing else; `{service}` and `{kind}` filled in."""
    shared: dict[str, Any] = told.get("services", {})
    env = {**told.get("env", {}), **shared.get("env", {}), **own.get("env", {})}
    whole: dict[str, Any] = _replaced({**shared, **own, "env": env}, name, own.get("kind", ""))
    return whole


def _replaced(value: Any, service: str, kind: str) -> Any:
    if isinstance(value, dict):
        return {key: _replaced(each, service, kind) for key, each in value.items()}
    return value.replace("{service}", service).replace("{kind}", kind) if isinstance(value, str) else value


def _service(step: int, name: str, own: dict[str, Any]) -> Service:
    variable = port_variable(step, name)
    several = own.get("version")
    if own.get("socket", FACE) != FACE:
        raise click.ClickException(f"{name} shares the socket {own['socket']}; the only one is {FACE}.")
    versions = {
        version: Version(
            each["share"], each.get("command") or own["command"], {**own["env"], **each.get("env", {})}
        )
        for version, each in (several or {ONLY: {"share": 100}}).items()
    }
    prefixes = {version: f"{name}-{version}" if several else name for version in versions}
    return Service(name, variable, port_from(variable, own["port"]), versions, prefixes, "socket" in own)
