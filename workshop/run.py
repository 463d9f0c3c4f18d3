"""`./stones run`: stores, data and a step's processes, until Ctrl-C."""

import shlex
import time
from collections.abc import Callable
from contextlib import nullcontext

import click

from workshop import interruption, terminal
from workshop.claims import claimed
from workshop.defaults import SHARED
from workshop.filling import Filling
from workshop.load.bundled import load_bundled
from workshop.ports import port_from, require_distinct, require_free
from workshop.processes.child import Child
from workshop.processes.supervisor import TICK_SECONDS, Supervisor
from workshop.services.face import face_socket
from workshop.services.fleet import fleet
from workshop.steps import Step, read_step
from workshop.stores import posts_of, stores
from workshop.watch import watched


@click.command()
@click.option("--step", "number", default=0, show_default=True, help="Which step to run.")
@click.option("--bundled/--no-bundled", default=True, help="Load the bundled posts if there are none.")
def run(number: int, bundled: bool) -> None:
    """Start a step and everything it needs; Ctrl-C stops all of it."""
    interruption.watch()
    reason = None
    try:
        step = read_step(number)
        with claimed(step):
            _require_ports(step)
            reason = _run(step, bundled)
    except KeyboardInterrupt:
        pass
    finally:
        interruption.finish()
    if reason:
        raise click.ClickException(reason)
    terminal.write("Stopped. The data stays for next time; `make clean` removes it.")


def _require_ports(step: Step) -> None:
    """Refuse ports that two parts have, or that somebody else holds."""
    ports = {step.port_variable: step.port, **step.ports}
    beside = [each for each in SHARED if not each.is_given and each.host == step.host]
    if step.nats is None:
        beside = [each for each in beside if each.name != "NATS"]
    require_distinct({**ports, **{each.variable: port_from(each.variable) for each in beside}})
    for variable, port in ports.items():
        require_free(port, variable, step.host)


def _run(step: Step, bundled: bool) -> str | None:
    """Run it; why it ended, or None if a signal asked for it."""
    with stores(step) as up:
        with posts_of(step, up) as posts, interruption.raising():
            if bundled:
                load_bundled(posts)
        supervisor = Supervisor()
        fill = Filling(step, up)
        with (
            face_socket(step) as face,
            fleet(step, supervisor, fill, face) if step.services else nullcontext() as instances,
        ):
            if problem := _prepare(step, fill, supervisor.say):
                return problem
            for process in step.processes:
                command, env = fill(process)
                supervisor.add(process.name, command, env, step.restart)
            with watched(step, up, supervisor, instances):
                return supervisor.run()


def _prepare(step: Step, fill: Filling, say: Callable[[str], None]) -> str | None:
    """Do what comes before the step's processes; what went wrong, if anything did."""
    if step.prepare is None:
        return None
    command, env = fill(step.prepare)
    preparing = Child("prepare", command, env, False, say)
    preparing.start()
    while (code := preparing.ended()) is None:
        if interruption.asked():
            preparing.end()
        time.sleep(TICK_SECONDS)
    interruption.obey()
    return f"Preparing the step failed; {shlex.join(command)} said why above." if code else None
