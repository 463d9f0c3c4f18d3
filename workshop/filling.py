"""What a manifest leaves open, filled in: a process's command line and environment."""

import shlex
import shutil
import sys
from typing import Any

from workshop import environment, state
from workshop.addresses import in_url
from workshop.services.files import services_file
from workshop.steps import Process, Step
from workshop.stores import Stores


class Filling:
    """Fills in the places of a step's processes."""

    def __init__(self, step: Step, up: Stores) -> None:
        self._step, self._up = step, up

    def __call__(self, process: Process) -> tuple[list[str], dict[str, str]]:
        """The command line and the environment of a new process."""
        step, up = self._step, self._up
        metrics = state.folder() / f"metrics{step.number}" / process.name
        shutil.rmtree(metrics, ignore_errors=True)  # they are those of a former process of that name
        metrics.mkdir(parents=True)
        places = {
            **addresses(step),
            "python": sys.executable,
            "mongodb": up.mongodb,
            "nats": up.nats,
            "smtp_host": up.smtp_host,
            "smtp_port": up.smtp_port,
            "secrets": _Secrets(step.number),
            "services": services_file(step.number),
            "metrics": metrics,
        }
        filled = {name: value.format_map(places) for name, value in process.env.items()}
        ports = {step.port_variable: step.port, **step.ports}
        face = {f"STEP{step.number}_HOST": step.host, **{name: str(port) for name, port in ports.items()}}
        if sys.stdout.isatty():  # the processes themselves only see our pipe
            face["LOG_FORMAT"] = "console"
        env = {**environment.inherited(), **face, **filled, **environment.given(step.settings), **process.own}
        return [word.format_map(places) for word in shlex.split(process.command)], env


class _Secrets:
    """Secrets of a step by name, made when first asked for."""

    def __init__(self, step: int) -> None:
        self._step = step

    def __getitem__(self, name: str) -> str:
        return state.secret(f"{name} of step {self._step}")


def addresses(step: Step) -> dict[str, Any]:
    """The places that addresses of a step are made of."""
    return {"host": in_url(step.host), "port": step.port, "ports": step.ports}
