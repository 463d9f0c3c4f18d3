"""A step in containers, as a user runs it."""

import json
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

from docker.models.containers import Container

import docker
from tests.support.workshop_command import Command, call
from workshop.containers.compose import content
from workshop.containers.engine import FURTHER_FILES, NUMBER, PROJECT, SERVICE, compose_program
from workshop.state import ROOT
from workshop.steps import read_step

BRIDGES = "172.16.0.0/12,192.168.0.0/16,10.0.0.0/8,127.0.0.9"
"""The networks from which Docker takes those of its bridges, and the address of the tests' nginx."""

READY_SECONDS = 1500.0
"""With the build of all images."""


class RunningContainers(Command):
    """`workshop docker --step N`, as a context manager. What it has made is removed at the end."""

    def __init__(self, step: int, environment: Mapping[str, str]) -> None:
        self.step = step
        self.environment = {
            **environment,
            **further(step, environment),
            "PASSWORD_MEMORY_KIB": "1024",
            "TRUSTED_PROXIES": BRIDGES,
        }
        super().__init__(["docker", "--step", str(step)], self.environment)

    def __enter__(self) -> Self:
        self.start(READY_SECONDS)
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        call(["clean"], self.environment)

    @property
    def _state(self) -> str:
        return self.environment["WORKSHOP_STATE"]

    @cached_property
    def client(self) -> docker.DockerClient:
        return docker.from_env()

    def containers(self, service: str | None = None) -> list[Container]:
        """Return the containers of a service, or all, by number."""
        labels = [f"{PROJECT}={self.project}", *([f"{SERVICE}={service}"] if service else [])]
        found = self.client.containers.list(all=True, filters={"label": labels})
        return sorted(found, key=lambda each: int(each.labels[NUMBER]))

    def compose(self, *arguments: str) -> str:
        """Call compose in the repository's folder, as a user does beside the running step, and return what it
        printed.
        """
        done = subprocess.run(
            [*compose_program(), *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    @property
    def project(self) -> str:
        """Compose's name for the step's containers, as the file for compose says."""
        (line,) = [each for each in (ROOT / ".env").read_text().splitlines() if "PROJECT_NAME" in each]
        return line.partition("=")[2].strip("'")

    def workshop(self, *arguments: str) -> str:
        """Call another command of the workshop, and return what it printed."""
        return call([*arguments], self.environment)

    def secrets(self) -> dict[str, str]:
        """Return the secrets of its state folder by their names."""
        found: dict[str, str] = json.loads(
            Path(self.environment["WORKSHOP_STATE"], "secrets.json").read_text()
        )
        return found

    @property
    def mail_url(self) -> str:
        return "http://127.0.0.1:8025"


def further(step: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variable with a compose file by which builds reach what this machine reaches."""
    file = Path(environment["WORKSHOP_STATE"]).parent / f"builds{step}.json"
    file.write_text(json.dumps(_builds(step)))
    return {FURTHER_FILES: str(file)}


def _builds(step: int) -> dict[str, object]:
    services = content(read_step(step))["services"]
    return {
        "services": {
            name: {"build": {"network": "host"}} for name, each in services.items() if "build" in each
        }
    }
