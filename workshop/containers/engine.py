"""Docker: compose, which starts and stops the containers of a step, and what the engine knows about them."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import click

from workshop import state
from workshop.containers.compose import file_of
from workshop.containers.files import PORTS, folder, remove_compose_settings
from workshop.steps import Step, read_step, step_numbers

if TYPE_CHECKING:
    import docker

ADVICE = (
    "Containers need Docker with its plug-in compose; `make run` needs neither. "
    "See `Get Docker` in Docker's manual."
)
NO_ENGINE = "Docker does not respond ({reason}). Start it, or ask for the right to use it."
FURTHER_FILES = "STONES_COMPOSE"
"""The variable that names further compose files, with colons between them: they may take other images."""

PROJECT, SERVICE, NUMBER = (
    f"com.docker.compose.{each}" for each in ("project", "service", "container-number")
)
STAYS = "com.docker.compose.oneoff=False"
"""The label of all containers but those of `compose run`, which end by themselves."""

HEALTHY, RUNNING, EXITED = "healthy", "running", "exited"
LAST_LINES = 30
DIGITS = 6
GRACE_SECONDS = 20
"""How long a container may take to end its requests."""


@dataclass(frozen=True)
class Container:
    """A container of a step: its id, the id of its process where this machine sees it, the compose service
    and its number there, the name of its host, its address in the step's network, whether it runs, its health
    (empty without a check) and the exit code once it ended.
    """

    id: str
    pid: int | None
    service: str
    number: int
    host: str
    address: str
    status: str
    health: str
    exit_code: int

    @property
    def has_failed(self) -> bool:
        """Whether it ended with an error."""
        return self.status == EXITED and self.exit_code != 0


@cache
def compose_program() -> tuple[str, ...]:
    """Return the program and its first arguments: Compose 2 is a plug-in of docker, 1 was a program. Raises
    click.ClickException.
    """
    program = shutil.which("docker")
    if program and _succeeds([program, "compose", "version"]):
        return program, "compose"
    if found := shutil.which("docker-compose"):
        return (found,)
    raise click.ClickException(ADVICE)


def project(step: int) -> str:
    """Return compose's name for a step's containers. Each state folder has its own, as its secrets fit its
    own data only.
    """
    own = hashlib.sha256(str(state.folder()).encode()).hexdigest()[:DIGITS]
    return f"stones-step{step}-{own}"


class Engine:
    """The containers of a step. With `publishes_stores` this machine can reach its stores, too."""

    def __init__(self, step: Step, *, publishes_stores: bool = False) -> None:
        self.project = project(step.number)
        self._step, self._publishes_stores = step, publishes_stores

    @cached_property
    def client(self) -> "docker.DockerClient":
        """The client of the engine. Raises click.ClickException if it does not respond."""
        from docker.errors import DockerException  # noqa: PLC0415

        import docker  # noqa: PLC0415 - it takes a while, and is installed for containers only

        try:
            client = docker.from_env()
            client.ping()
        except DockerException as error:
            raise click.ClickException(NO_ENGINE.format(reason=error)) from None
        return client

    def require(self) -> None:
        """Raise click.ClickException if there is no compose, or no engine that responds."""
        compose_program()
        self.client  # noqa: B018

    def command(self, *words: str) -> list[str]:
        """Return the command line of a call of compose."""
        further = filter(None, os.environ.get(FURTHER_FILES, "").split(":"))
        ports = [str(folder(self._step.number) / PORTS)] if self._publishes_stores else []
        files = [str(file_of(self._step.number)), *ports, *further]
        options = [word for file in files for word in ("--file", file)]
        return [*compose_program(), "--project-name", self.project, *options, *words]

    @property
    def env(self) -> dict[str, str]:
        """The environment of calls."""
        return {**os.environ, "STONES_CONTAINERS": str(state.folder() / "containers"), "DOCKER_BUILDKIT": "1"}

    def call(self, *words: str) -> None:
        """Call compose in this terminal. Raises click.ClickException if it fails."""
        done = subprocess.run(self.command(*words), env=self.env, stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise click.ClickException(f"`docker compose {' '.join(words)}` failed; the reason is above.")

    def containers(self) -> list[Container]:
        """Return all containers of the step, by service and number."""
        from docker.errors import NotFound  # noqa: PLC0415

        found = []
        listed = self.client.api.containers(all=True, filters={"label": [f"{PROJECT}={self.project}", STAYS]})
        for each in listed:
            try:
                found.append(_container(self.client.api.inspect_container(each["Id"])))
            except NotFound:  # it was removed meanwhile
                continue
        return sorted(found, key=lambda each: (each.service, each.number))

    def end(self, container: Container) -> None:
        """Stop a container, and remove it."""
        from docker.errors import NotFound  # noqa: PLC0415

        try:
            ending = self.client.containers.get(container.id)
            ending.stop(timeout=GRACE_SECONDS)
            ending.remove()
        except NotFound:
            return

    def logs(self, services: Sequence[str]) -> str:
        """Return the last lines of the containers of services."""
        done = subprocess.run(
            self.command("logs", "--tail", str(LAST_LINES), *services),
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout

    def remove(self, *, images: bool = True) -> None:
        """Remove the containers, networks and volumes of the step, and its images. Raises
        click.ClickException.
        """
        self.call("down", "--volumes", "--remove-orphans")
        if not images:
            return
        for image in self.client.images.list(filters={"reference": f"stones/step{self._step.number}-*"}):
            for tag in image.tags:
                self.client.images.remove(tag)

    @contextmanager
    def stopped_at_the_end(self) -> Iterator[None]:
        """Stop all containers of the step after the block. Their data stays."""
        try:
            yield
        finally:
            self.call("stop")


def remove_all() -> Iterator[int]:
    """Remove what all steps have made that ran in containers. Yield their numbers. If Docker is away, say so
    and yield none.
    """
    for number in step_numbers():
        if not folder(number).exists():
            continue
        try:
            Engine(read_step(number)).remove()
        except click.ClickException as error:
            click.echo(f"The containers of step {number} were not removed: {error.message}", err=True)
        else:
            yield number
    remove_compose_settings()


def _container(found: dict[str, Any]) -> Container:
    labels, now = found["Config"]["Labels"], found["State"]
    addresses = [each["IPAddress"] for each in found["NetworkSettings"]["Networks"].values()]
    return Container(
        id=found["Id"],
        pid=(now["Pid"] or None) if sys.platform == "linux" else None,
        service=labels[SERVICE],
        number=int(labels[NUMBER]),
        host=found["Config"]["Hostname"],
        address=next(filter(None, addresses), ""),
        status=now["Status"],
        health=now.get("Health", {}).get("Status", ""),
        exit_code=now["ExitCode"],
    )


def _succeeds(command: Sequence[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
