"""Reads the manifest of a step, its step.toml."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from workshop import environment
from workshop.addresses import host_from, host_in_url
from workshop.default_ports import read_manifest, step_ports
from workshop.ports import port_from
from workshop.services.manifest import Service, read_services
from workshop.state import ROOT


@dataclass(frozen=True)
class Process:
    """A process of a step. `command` and the values of `env` may contain placeholders.

    `own` are further variables, without placeholders. They take precedence over the caller's settings, which
    take precedence over `env`.
    """

    name: str
    command: str
    env: dict[str, str]
    own: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NatsUsers:
    """NATS users by name, in the form that the step's own command `permissions` reads."""

    users: dict[str, Any]
    permissions: str


@dataclass(frozen=True)
class Step:
    """A step as its manifest describes it.

    `reads` names databases, or collections as `database.collection`, that a user may read besides its own.
    `nats` is None where there are no events. `ports` are those of its processes except the face, by the
    variable that sets each. `urls` are printed when the step is ready. With `restart`, a process that ends by
    itself is started again. `registry` is the path at which the face shows which instances are up. `commands`
    are the step's own tools by name. `settings` are the variables that its processes take from the caller's
    environment.
    """

    number: int
    title: str
    host: str
    port: int
    ready: str
    users: list[str]
    reads: dict[str, list[str]]
    nats: NatsUsers | None
    posts: str
    prepare: Process | None
    restart: bool
    services: dict[str, Service]
    processes: list[Process]
    ports: dict[str, int]
    urls: dict[str, str]
    registry: str | None
    commands: dict[str, Process]
    settings: list[str]

    @property
    def port_variable(self) -> str:
        """The variable that sets the port of the face."""
        return f"STEP{self.number}_PORT"

    @property
    def url(self) -> str:
        """The address of the face."""
        return f"http://{host_in_url(self.host)}:{self.port}"


def step_numbers() -> list[int]:
    """Return the numbers of the steps in the repository."""
    return sorted(_manifests())


def read_step(number: int) -> Step:
    """Return the step of that number. Raises click.ClickException when there is none."""
    manifests = _manifests()
    if number not in manifests:
        numbers = ", ".join(map(str, sorted(manifests)))
        raise click.ClickException(f"There is no step {number}. There is: {numbers}.")
    try:
        return _step(number, read_manifest(manifests[number]))
    except KeyError as error:
        name = manifests[number].relative_to(ROOT)
        raise click.ClickException(f"{name} lacks {error.args[0]}, or it is in the wrong place.") from None


def _step(number: int, manifest: dict[str, Any]) -> Step:
    environment.require_numbers(manifest.get("settings", []))
    services = read_services(number, manifest)
    ports = {
        variable: port_from(variable, default) for variable, default in step_ports(number, manifest).items()
    }
    face = f"STEP{number}_PORT"
    return Step(
        number=number,
        title=manifest["title"],
        host=host_from(f"STEP{number}_HOST"),
        port=ports.pop(face),
        ready=manifest["ready"],
        users=manifest["mongodb"]["users"],
        reads=manifest["mongodb"].get("reads", {}),
        nats=NatsUsers(manifest["nats"]["users"], manifest["nats"]["permissions"])
        if "nats" in manifest
        else None,
        posts=manifest["mongodb"]["posts"],
        prepare=_process("prepare", manifest["prepare"], manifest) if "prepare" in manifest else None,
        restart=manifest.get("restart", False),
        services=services,
        processes=[_process(name, each, manifest) for name, each in manifest.get("process", {}).items()],
        ports=ports,
        urls=manifest.get("urls", {}),
        registry=manifest.get("registry"),
        commands={name: _process(name, each, manifest) for name, each in manifest.get("command", {}).items()},
        settings=manifest.get("settings", []),
    )


def _manifests() -> dict[int, Path]:
    return {int(path.parent.name[4]): path for path in ROOT.glob("step[0-9]_*/step.toml")}


def _process(name: str, own: dict[str, Any], manifest: dict[str, Any]) -> Process:
    return Process(name, own["command"], {**manifest.get("env", {}), **own.get("env", {})})
