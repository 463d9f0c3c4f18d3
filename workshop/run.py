"""`workshop run`: stores, data and a step's processes, until Ctrl-C."""

import shlex
import signal
import subprocess
from contextlib import nullcontext
from types import FrameType

import click

from workshop import state
from workshop.filling import Filling
from workshop.load.bundled import load_bundled
from workshop.ports import require_free
from workshop.processes.supervisor import Supervisor
from workshop.services.face import face_socket
from workshop.services.fleet import fleet
from workshop.steps import Step, read_step
from workshop.stores import Stores, posts_of, stores
from workshop.watch import watched


@click.command()
@click.option("--step", "number", default=0, show_default=True, help="Which step to run.")
@click.option("--bundled/--no-bundled", default=True, help="Load the bundled posts if there are none.")
def run(number: int, bundled: bool) -> None:
    """Start a step and everything it needs; Ctrl-C stops all of it."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _as_interrupt)
    step = read_step(number)
    for variable, port in {step.port_variable: step.port, **step.ports}.items():
        require_free(port, variable, step.host)
    try:
        with stores(step) as up:
            if bundled:
                with posts_of(step, up) as posts:
                    load_bundled(posts)
            reason = _run_processes(step, up)
    except KeyboardInterrupt:
        reason = None
    if reason:
        raise click.ClickException(reason)
    click.echo("Stopped. The data stays for next time; `make clean` removes it.")


def _run_processes(step: Step, up: Stores) -> str | None:
    fill, supervisor = Filling(step, up), Supervisor()
    with (
        face_socket(step) as face,
        fleet(step, supervisor, fill, face) if step.services else nullcontext() as instances,
    ):
        if step.prepare:
            command, env = fill(step.prepare)
            if subprocess.run(command, env=env, cwd=state.ROOT, check=False).returncode:
                return f"Preparing the step failed; {shlex.join(command)} said why above."
        for process in step.processes:
            command, env = fill(process)
            supervisor.add(process.name, command, env, step.restart)
        with watched(step, up, supervisor, instances):
            return supervisor.run()


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
