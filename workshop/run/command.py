"""`./stones run`: starts stores, data and a step's processes, and stops them at Ctrl-C."""

import shlex
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import click

from workshop import signals, terminal
from workshop.default_ports import SHARED_PORTS
from workshop.load.bundled import load_bundled
from workshop.ports import port_from, require_distinct, require_free
from workshop.processes.child import Child
from workshop.processes.supervisor import TICK_SECONDS, Supervisor
from workshop.run.face_socket import face_socket
from workshop.run.lock import run_lock
from workshop.run.monitor import monitored
from workshop.run.templates import Renderer
from workshop.services.fleet import fleet
from workshop.steps import Step, read_step
from workshop.stores import open_posts, running_stores


@click.command()
@click.option("--step", "number", default=0, show_default=True, help="The step to run.")
@click.option("--bundled/--no-bundled", default=True, help="Load the bundled posts if there are no posts.")
@click.option(
    "--restart",
    is_flag=True,
    help="Start a process or server again when it ends, as steps with services do, and go on.",
)
def run(number: int, bundled: bool, restart: bool) -> None:
    """Start a step and everything it needs. Ctrl-C stops all of it."""
    signals.install()
    reason = None
    try:
        step = read_step(number)
        step = replace(step, restart=step.restart or restart)
        with run_lock(step):
            _require_ports(step)
            reason = _run(step, bundled)
    except KeyboardInterrupt:
        pass
    finally:
        signals.ignore()
    if reason:
        raise click.ClickException(reason)
    terminal.write("Stopped. The data stays for next time; `make clean` removes it.")


def _require_ports(step: Step) -> None:
    """Raise click.ClickException when two processes have the same port, or a port is taken."""
    ports = {step.port_variable: step.port, **step.ports}
    shared = [each for each in SHARED_PORTS if not each.is_given and each.host == step.host]
    if step.nats is None:
        shared = [each for each in shared if each.name != "NATS"]
    require_distinct({**ports, **{each.variable: port_from(each.variable) for each in shared}})
    for variable, port in ports.items():
        require_free(port, variable, step.host)


def _run(step: Step, bundled: bool) -> str | None:
    """Run the step. Return why it ended, None if it was a signal."""
    with running_stores(step) as stores:
        with open_posts(step, stores) as posts, signals.interruptible():
            if bundled:
                load_bundled(posts)
        supervisor = Supervisor()
        render = Renderer(step, stores)
        with (
            face_socket(step) as face,
            fleet(step, supervisor, render, face) if step.services else nullcontext() as instances,
        ):
            if problem := _prepare(step, render, supervisor.log):
                return problem
            for process in step.processes:
                command, env = render(process)
                supervisor.add(process.name, command, env, step.restart)
            with monitored(step, stores, supervisor, instances):
                return supervisor.run()


def _prepare(step: Step, render: Renderer, print_line: Callable[[str], None]) -> str | None:
    """Run the step's command `prepare` before its processes. Return what went wrong, or None."""
    if step.prepare is None:
        return None
    command, env = render(step.prepare)
    preparing = Child("prepare", command, env, restart=False, print_line=print_line)
    preparing.start()
    while (code := preparing.poll()) is None:
        if signals.received():
            preparing.stop()
        time.sleep(TICK_SECONDS)
    signals.check()
    return (
        f"Preparing the step failed. The reason is above, printed by {shlex.join(command)}" if code else None
    )
