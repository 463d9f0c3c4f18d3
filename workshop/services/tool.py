"""Calling a step's own tools, which its manifest names, beside the running step."""

import subprocess
import sys

import click

from workshop import state
from workshop.claims import require_run
from workshop.filling import Filling
from workshop.steps import Step, read_step
from workshop.stores import running_events


def call_tool(step: Step, name: str, *arguments: str) -> None:
    """Run the tool in this terminal; leaves the process with its exit code unless that is 0.

    Raises click.ClickException when the step does not run or has no such tool.
    """
    if name not in step.commands:
        raise click.ClickException(f"Step {step.number} has no {name}.")
    require_run(step.number)
    command, env = Filling(step, running_events(step))(step.commands[name])
    try:
        code = subprocess.run([*command, *arguments], env=env, cwd=state.ROOT, check=False).returncode
    except KeyboardInterrupt:  # how one ends what goes on until then
        return
    if code:
        sys.exit(code)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--step", default=3, show_default=True, help="Which step's rapids.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND…")
def rapids(step: int, arguments: tuple[str, ...]) -> None:
    """Look into the events of a running step: `watch`, `dead`, `redrive`; see also `rapids -- --help`."""
    call_tool(read_step(step), "rapids", *arguments)
