"""What users of NATS may do: a step says what they are for, and its own command what that comes to."""

import json
import shlex
import subprocess
import sys
from typing import Any

import click

from workshop import environment
from workshop.state import ROOT
from workshop.steps import NatsUsers

SECONDS = 60


def permissions(told: NatsUsers) -> dict[str, Any]:
    """Permissions by user, as the server's configuration has them.

    Raises click.ClickException when the step's command fails.
    """
    command = [word.format_map({"python": sys.executable}) for word in shlex.split(told.permissions)]
    asked = subprocess.run(
        command,
        cwd=ROOT,
        env=environment.inherited(),
        input=json.dumps(told.users),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        start_new_session=True,  # Ctrl-C is for us
    )
    if asked.returncode:
        raise click.ClickException(f"{shlex.join(command)} failed: {asked.stderr.strip()}")
    found: dict[str, Any] = json.loads(asked.stdout)
    return found
