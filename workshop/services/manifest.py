"""Services as a step's manifest describes them."""

from dataclasses import dataclass
from typing import Any

from workshop.ports import port_from

ONLY = "v1"
"""The version of a service that has but one."""


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

    def instance(self, version: str, number: int) -> str:
        """The name of a version's instance of that number, from 1."""
        return self.prefixes[version] + (f"-{number}" if number > 1 else "")

    def is_first(self, version: str, number: int) -> bool:
        """Whether that instance is the one that listens on `port`."""
        return number == 1 and version == next(iter(self.versions))


def read_services(step: int, told: dict[str, Any]) -> dict[str, Service]:
    """The services of a manifest by name. Raises click.ClickException when a variable sets no port."""
    return {
        name: _service(step, name, own, told.get("env", {})) for name, own in told.get("service", {}).items()
    }


def _service(step: int, name: str, own: dict[str, Any], env: dict[str, str]) -> Service:
    variable = f"STEP{step}_{name.upper().replace('-', '_')}_PORT"
    several = own.get("version")
    versions = {
        version: Version(each["share"], each["command"], {**env, **own.get("env", {}), **each.get("env", {})})
        for version, each in (several or {ONLY: {**own, "share": 100}}).items()
    }
    prefixes = {version: f"{name}-{version}" if several else name for version in versions}
    return Service(name, variable, port_from(variable, own["port"]), versions, prefixes)
