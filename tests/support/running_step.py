"""A step with ports and a state folder of its own."""

import os
from collections.abc import Mapping
from pathlib import Path

from tests.support.workshop_command import Command, call
from workshop.ports import free_port
from workshop.steps import read_step

SETTINGS = {
    *("MONGODB_URI", "MONGO_HOST", "SMTP_HOST", "SMTP_PORT", "MAIL_HOST", "MAIL_FROM", "SECRET_KEY"),
    *("FAILED_SIGN_INS_PER_MINUTE", "SHARES_PER_MINUTE", "TOKEN_LIFETIME", "IMAGE_ALLOWED_HOSTS"),
    *(
        "API_URL",
        "TOKEN_KEY",
        "FACE_SECRET",
        "LOG_FORMAT",
        "LOG_LEVEL",
        "IMAGE_MAX_BYTES",
        "PROMETHEUS_MULTIPROC_DIR",
        "WEB_WORKERS",
        "SERVICES_FILE",
        "PORT",
        "INSTANCE",
        "VERSION",
        "SYNC_KEY",
        "SYNC_INTERVAL",
        "OPERATOR_SECRET",
        "WEB_THREADS",
        "ACCESS_LOG",
        "NATS_URL",
        "NATS_HOST",
        "GATEWAY_URL",
        "GATEWAY_SECRET",
        "LISTEN_FD",
        "OWNERS_PREFIX",
        "TRUSTED_PROXIES",
    ),
    *(f"STEP{number}_HOST" for number in range(4)),
}
"""What somebody may have set for runs of their own, and must not reach a step under test."""

FAMILIES = ("OTEL_", "RAPIDS_")
"""Beginnings of names of others of that kind."""


class RunningStep(Command):
    """`workshop run --step N` without the bundled posts, as a context manager.

    `state` is its WORKSHOP_STATE; `settings` are further environment variables.
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
            **without_settings(os.environ),
            **{name: str(port) for name, port in self.ports.items()},
            "WORKSHOP_STATE": str(state),
            "PYTHONUNBUFFERED": "1",
            "PASSWORD_MEMORY_KIB": "1024",  # a suite signs up hundreds
            **(settings or {}),
        }
        self.step = step
        super().__init__(["run", "--step", str(step), "--no-bundled"], self.environment)

    @property
    def url(self) -> str:
        """Where it said its face is."""
        return self.ready

    @property
    def mail_url(self) -> str:
        """Where caught mail can be read, through Mailpit's API."""
        return f"http://127.0.0.1:{self.ports['MAIL_HTTP_PORT']}"

    def load(self, file: Path) -> str:
        """Load a file of posts as a user does, beside the running step; what the command said."""
        return self.workshop_load("--file", str(file))

    def workshop_load(self, *arguments: str) -> str:
        """`workshop load` into this step's store, with any of its options; what it said."""
        return call(["load", "--step", str(self.step), *arguments], self.environment)


def without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without what would change a run."""
    return {
        name: value
        for name, value in environment.items()
        if not (name in SETTINGS or name.startswith(FAMILIES))
    }
