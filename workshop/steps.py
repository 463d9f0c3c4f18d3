"""What the workshop knows of a step: its step.toml."""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from workshop import environment
from workshop.addresses import host_from, in_url
from workshop.defaults import ports_of
from workshop.ports import port_from
from workshop.services.manifest import Service, read_services
from workshop.state import ROOT


@dataclass(frozen=True)
class Process:
    """One process of a step; `command` and the values of `env` have places to be filled in.

    What it is given in `own` is ready, and unlike `env` it wins over what the caller has set.
    """

    name: str
    command: str
    env: dict[str, str]
    own: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NatsUsers:
    """Users of NATS by name, as the step's own command `permissions` understands them."""

    users: dict[str, Any]
    permissions: str


@dataclass(frozen=True)
class Step:
    """A step as its manifest describes it.

    `reads` are databases, or collections as `database.collection`, that a user may read besides its own;
    `nats` is None where there are no events. `ports` are those of its parts besides the face's, by the
    variable that sets each; `urls` are told when the step is ready, by what is found there. With `restart`,
    what ends by itself is started again. `registry` is where the face tells which instances are up;
    `commands` are the step's own tools, by name. `settings` are the variables of the caller's that reach
    its processes.
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
        """The variable that moves the face to another port."""
        return f"STEP{self.number}_PORT"

    @property
    def url(self) -> str:
        """Where the face is found."""
        return f"http://{in_url(self.host)}:{self.port}"


def step_numbers() -> list[int]:
    """The steps that are here."""
    return sorted(_manifests())


def read_step(number: int) -> Step:
    """The step of that number. Raises click.ClickException when there is none."""
    manifests = _manifests()
    if number not in manifests:
        there = ", ".join(map(str, sorted(manifests)))
        raise click.ClickException(f"There is no step {number}. There is: {there}.")
    told: dict[str, Any] = tomllib.loads(manifests[number].read_text("utf-8"))
    environment.require_numbers(told.get("settings", []))
    services = read_services(number, told)
    ports = {variable: port_from(variable, default) for variable, default in ports_of(number, told).items()}
    face = f"STEP{number}_PORT"
    return Step(
        number=number,
        title=told["title"],
        host=host_from(f"STEP{number}_HOST"),
        port=ports.pop(face),
        ready=told["ready"],
        users=told["mongodb"]["users"],
        reads=told["mongodb"].get("reads", {}),
        nats=NatsUsers(told["nats"]["users"], told["nats"]["permissions"]) if "nats" in told else None,
        posts=told["mongodb"]["posts"],
        prepare=_process("prepare", told["prepare"], told) if "prepare" in told else None,
        restart=told.get("restart", False),
        services=services,
        processes=[_process(name, each, told) for name, each in told.get("process", {}).items()],
        ports=ports,
        urls=told.get("urls", {}),
        registry=told.get("registry"),
        commands={name: _process(name, each, told) for name, each in told.get("command", {}).items()},
        settings=told.get("settings", []),
    )


def _manifests() -> dict[int, Path]:
    return {int(path.parent.name[4]): path for path in ROOT.glob("step[0-9]_*/step.toml")}


def _process(name: str, own: dict[str, Any], told: dict[str, Any]) -> Process:
    return Process(name, own["command"], {**told.get("env", {}), **own.get("env", {})})
