"""The permissions of NATS users. A step's manifest says what each user is for, and the step's own command
derives the permissions from that.
"""

import json
import shlex
import subprocess
import sys
from typing import Any

import click

from workshop import environment
from workshop.state import ROOT
from workshop.steps import NatsUsers

TIMEOUT_SECONDS = 60


def permissions(nats: NatsUsers) -> dict[str, Any]:
    """Return the permissions by user in the form of the server's configuration.

    Raises click.ClickException when the step's command fails.
    """
    command = [word.format_map({"python": sys.executable}) for word in shlex.split(nats.permissions)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment.inherited(),
        input=json.dumps(nats.users),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
        start_new_session=True,  # Ctrl-C is for the run only
    )
    if done.returncode:
        raise click.ClickException(f"{shlex.join(command)} failed: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
