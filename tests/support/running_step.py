"""A running step with its own ports and state folder."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from tests.support import foreign_variables
from tests.support.workshop_command import Command, call
from workshop.ports import free_port
from workshop.steps import read_step

QUIET = {"STONES_LOG_LEVEL": "WARNING"}
"""Settings of a step whose log of requests no test reads: a line for each request takes time."""


class RunningStep(Command):
    """`workshop run --step N` without the bundled posts, as a context manager.

    Its environment has many variables of other programs. `state` is its WORKSHOP_STATE; `settings`
    are further environment variables, as a caller's shell has them.
    """

    def __init__(self, step: int, state: Path, settings: Mapping[str, str] | None = None) -> None:
        self.ports = {
            name: free_port()
            for name in (
                *("MONGO_PORT", "NATS_PORT", f"STEP{step}_PORT", "MAIL_SMTP_PORT", "MAIL_HTTP_PORT"),
                *read_step(step).ports,
            )
        }
        """The ports it was given, by the variable that sets each."""
        self.environment = {
            **os.environ,
            **foreign_variables.SHELL,
            **{name: str(port) for name, port in self.ports.items()},
            "WORKSHOP_STATE": str(state),
            "PYTHONUNBUFFERED": "1",
            "PASSWORD_MEMORY_KIB": "1024",  # a suite signs up hundreds of members
            **(settings or {}),
        }
        self.step = step
        super().__init__(["run", "--step", str(step), "--no-bundled"], self.environment)

    @property
    def url(self) -> str:
        """Return the address of the face that it printed."""
        return self.ready

    @property
    def secrets(self) -> dict[str, str]:
        """Return the secrets of its state folder by their names."""
        found: dict[str, str] = json.loads(
            (Path(self.environment["WORKSHOP_STATE"]) / "secrets.json").read_text()
        )
        return found

    def admin(self) -> MongoClient[dict[str, Any]]:
        """Return a client of its MongoDB with all permissions."""
        return MongoClient(
            "127.0.0.1",
            self.ports["MONGO_PORT"],
            username="workshop",
            password=self.secrets["mongo user workshop"],
            tz_aware=True,
            directConnection=True,
        )

    @property
    def mail_url(self) -> str:
        """Return the address of Mailpit's API, where caught mail can be read."""
        return f"http://127.0.0.1:{self.ports['MAIL_HTTP_PORT']}"

    def load(self, file: Path) -> str:
        """Load a file of posts as a user does, while the step runs, and return what the command printed."""
        return self.workshop_load("--file", str(file))

    def workshop_load(self, *arguments: str) -> str:
        """Call `workshop load` for this step's store, and return what it printed."""
        return call(["load", "--step", str(self.step), *arguments], self.environment)
