"""The containers of a step, from its manifest: what is built, and what each process gets."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workshop.default_ports import default_ports, port_variable
from workshop.services.manifest import Service, Version
from workshop.state import ROOT
from workshop.steps import Process, Step

MONGO, NATS, MAIL = "mongo", "nats", "mail"
MONGO_PORT, NATS_PORT, SMTP_PORT, MAIL_PORT, SERVICE_PORT = 27017, 4222, 1025, 8025, 8000
SERVICES_FOLDER, METRICS = "/run/services", "/tmp/metrics"  # noqa: S108 - a file system of its own
SERVICES_FILE = f"{SERVICES_FOLDER}/services.json"
PLACEHOLDER = "\0"


@dataclass(frozen=True)
class Part:
    """A container of a step. `folder` has its Dockerfile. `env` is its public settings besides those that it
    takes from the caller, and `secrets` has, by variable, the templates of what it gets as files. `published`
    is the port of the step's face. `shown` is the variable with the host's port for another part that the
    step prints an address of.
    """

    name: str
    folder: str
    command: tuple[str, ...]
    env: dict[str, str]
    secrets: dict[str, str]
    published: int | None = None
    shown: str | None = None

    @property
    def image(self) -> str:
        """The name of its image: versions of a service share one."""
        return self.name if self.published else Path(self.folder).name


def parts(step: Step) -> list[Part]:
    """Return the containers of a step's processes and services."""
    return [*_services(step), *(_process(step, each) for each in step.processes)]


def face_port(step: Step) -> int:
    """Return the port of a step's face inside containers: the step's default, whatever this machine uses."""
    return default_ports()[step.port_variable]


def container_of(service: Service, version: str) -> str:
    """Return the name of the container of a version: the service's own for the one with most requests."""
    most = max(service.versions, key=lambda each: service.versions[each].share)
    return service.name if version == most else f"{service.name}-{version}"


def services_content(step: Step, shares: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    """Return the services file: the versions, their `shares` by service and version, and the names at which a
    name server has them.
    """
    return {
        name: {
            version: {
                "share": shares[name][version],
                "name": f"http://{container_of(service, version)}:{SERVICE_PORT}",
            }
            for version in service.versions
        }
        for name, service in step.services.items()
    }


def _services(step: Step) -> Iterator[Part]:
    for service in step.services.values():
        for version, each in service.versions.items():
            name = container_of(service, version)
            port = face_port(step) if service.is_face else None
            part = _part(step, name, each, {"VERSION": version}, port)
            yield replace(part, shown=_shown(step, service.variable))


def _process(step: Step, process: Process) -> Part:
    if process.name == "web":
        return _part(step, process.name, process, {}, face_port(step))
    part = _part(step, process.name, process, {}, None)
    return replace(part, shown=_shown(step, port_variable(step.number, process.name)))


def _shown(step: Step, variable: str) -> str | None:
    return variable if any(f"{{ports[{variable}]}}" in url for url in step.urls.values()) else None


def _part(step: Step, name: str, process: Process | Version, own: dict[str, str], port: int | None) -> Part:
    values = public_values(step)
    env, secrets = {}, {}
    for variable, template in process.env.items():
        value = template.format_map(values)
        if PLACEHOLDER in value:
            secrets[variable] = template
        elif value:
            env[variable] = value
    if port:
        own = {**own, step.port_variable: str(port)}
    command = tuple(word.format_map({"python": "python"}) for word in shlex.split(process.command))
    return Part(name, _folder(command), command, {**env, **own}, secrets, port)


def public_values(step: Step) -> dict[str, Any]:
    """Return what placeholders stand for in containers; secrets are marked."""
    names = [each.name for each in step.services.values() if each.is_face]
    names += [each.name for each in step.processes if each.name != "web"]
    return {
        "host": names[0] if names else "web",
        "port": face_port(step),
        "ports": dict.fromkeys(step.ports, SERVICE_PORT),
        "smtp_host": MAIL,
        "smtp_port": SMTP_PORT,
        "services": SERVICES_FILE,
        "metrics": METRICS,
        "mongodb": _Marked(),
        "nats": _Marked(),
        "secrets": _Marked(),
    }


class _Marked:
    def __getitem__(self, _name: str) -> str:
        return PLACEHOLDER


def _folder(command: tuple[str, ...]) -> str:
    """Return the folder with the Dockerfile of what a command runs."""
    application = command[-1].partition(":")[0]
    path = Path(*application.split("."))
    return str(path if (ROOT / path).is_dir() else path.parent)
