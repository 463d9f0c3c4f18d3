"""`./stones rapids`: runs a command that a step's manifest names, beside the running step."""

import subprocess
import sys

import click

from workshop import state
from workshop.run.lock import require_running, runs_in_containers
from workshop.run.templates import Renderer
from workshop.steps import Step, read_step
from workshop.stores import nats_of_running_step


def run_step_command(step: Step, name: str, *arguments: str) -> None:
    """Run the command in this terminal. If it fails, exit with its exit code.

    Raises click.ClickException when the step does not run or has no such command.
    """
    if name not in step.commands:
        raise click.ClickException(f"Step {step.number} has no command {name}.")
    require_running(step.number)
    if runs_in_containers(step.number):
        from workshop.containers.tools import run_inside  # noqa: PLC0415 - only who has containers needs it

        run_inside(step.number, name, *arguments)
        return
    command, env = Renderer(step, nats_of_running_step(step))(step.commands[name])
    try:
        code = subprocess.run([*command, *arguments], env=env, cwd=state.ROOT, check=False).returncode
    except KeyboardInterrupt:  # the usual end of a command such as `watch`
        return
    if code:
        sys.exit(code)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--step", default=3, show_default=True, help="The step whose rapids to use.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND…")
def rapids(step: int, arguments: tuple[str, ...]) -> None:
    """Look into the events of a running step.

    Commands are `watch`, `dead`, `redrive` and others: see `rapids -- --help`.
    """
    run_step_command(read_step(step), "rapids", *arguments)
