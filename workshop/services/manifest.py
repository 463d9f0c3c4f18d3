"""The services in a step's manifest."""

from dataclasses import dataclass
from typing import Any

import click

from workshop.default_ports import port_variable
from workshop.ports import port_from

ONLY = "v1"
"""The version of a service that has only one."""

FACE = "face"
"""The value of `socket` for a service whose instances share the listening socket of the step's face."""


@dataclass(frozen=True)
class Version:
    """A version of a service. `share` is its percentage of the requests that name no version."""

    share: int
    command: str
    env: dict[str, str]


@dataclass(frozen=True)
class Service:
    """A service and its versions. The first instance of the first version listens on `port`."""

    name: str
    variable: str
    port: int
    versions: dict[str, Version]
    prefixes: dict[str, str]
    """The beginnings of instance names, by version."""

    is_face: bool
    """Whether its instances share the socket of the step's face."""

    def instance(self, version: str, number: int) -> str:
        """Return the name of the instance of a version with that number. Numbers begin with 1."""
        return self.prefixes[version] + (f"-{number}" if number > 1 else "")

    def is_first(self, version: str, number: int) -> bool:
        """Return whether this instance is the one that listens on `port`."""
        return number == 1 and version == next(iter(self.versions))


def read_services(step: int, manifest: dict[str, Any]) -> dict[str, Service]:
    """Return the services of a manifest by name. Raises click.ClickException when a variable has no valid
    port.
    """
    return {
        name: _service(step, name, _with_shared(name, own, manifest))
        for name, own in manifest.get("service", {}).items()
    }


def _with_shared(name: str, own: dict[str, Any], manifest: dict[str, Any]) -> dict[str, Any]:
    """Return a service with the defaults that all services share, and with `{service}` and `{kind}` filled
    in.
    """
    shared: dict[str, Any] = manifest.get("services", {})
    env = {**manifest.get("env", {}), **shared.get("env", {}), **own.get("env", {})}
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
