"""Fills in the placeholders of a manifest: the command line and the environment of a process."""

import shlex
import sys
from collections.abc import Mapping
from typing import Any

import click

from workshop import environment, state
from workshop.addresses import host_in_url
from workshop.services.state_files import endpoints_file
from workshop.steps import Process, Step
from workshop.stores import Stores


class Renderer:
    """Renders the processes of a step: fills in the placeholders of their commands and variables."""

    def __init__(self, step: Step, stores: Stores) -> None:
        self._step, self._stores = step, stores

    def __call__(self, process: Process) -> tuple[list[str], dict[str, str]]:
        """Return the command line and the environment of a new process. Raises click.ClickException for a
        placeholder that stands for nothing.
        """
        step, stores = self._step, self._stores
        values = {
            **addresses(step),
            "python": sys.executable,
            "mongodb": stores.mongodb,
            "nats": stores.nats,
            "smtp_host": stores.smtp_host,
            "smtp_port": stores.smtp_port,
            "secrets": Secrets(step.number),
            "services": endpoints_file(step.number),
            "metrics": state.folder() / f"metrics{step.number}" / process.name,
        }
        rendered = {name: _filled(value, values, process) for name, value in process.env.items()}
        ports = {step.port_variable: step.port, **step.ports}
        face = {f"STEP{step.number}_HOST": step.host, **{name: str(port) for name, port in ports.items()}}
        if sys.stdout.isatty():  # the processes themselves see only our pipe
            face["LOG_FORMAT"] = "console"
        env = {
            **environment.inherited(),
            **face,
            **rendered,
            **environment.overrides(step.settings),
            **process.own,
        }
        return [_filled(word, values, process) for word in shlex.split(process.command)], env


def _filled(text: str, values: Mapping[str, Any], process: Process) -> str:
    try:
        return text.format_map(values)
    except KeyError as error:
        raise click.ClickException(
            f"step.toml: {process.name} needs {text}, and there is no {error.args[0]}. If it is a user, "
            "list it under [mongodb] or [nats.users]."
        ) from None


class Secrets:
    """The secrets of a step by name. Each is made when it is first used."""

    def __init__(self, step: int) -> None:
        self._step = step

    def __getitem__(self, name: str) -> str:
        return state.secret(f"{name} of step {self._step}")


def addresses(step: Step) -> dict[str, Any]:
    """Return the placeholders that a step's URLs consist of."""
    return {"host": host_in_url(step.host), "port": step.port, "ports": step.ports}
