"""`./stones docker`: builds a step's images and runs its containers, at the addresses of `./stones run`."""

import time
from collections.abc import Callable

import click
import requests

from workshop import local_http, signals, terminal
from workshop.containers.compose import PREPARE, file_of
from workshop.containers.engine import EXITED, Engine
from workshop.containers.files import folder, write_compose_settings, write_files
from workshop.containers.fleet import ContainerFleet
from workshop.containers.parts import MAIL, MAIL_PORT, MONGO, NATS, parts
from workshop.ports import port_from, require_free
from workshop.run.lock import run_lock
from workshop.run.templates import addresses
from workshop.steps import Step, read_step

READY_SECONDS = 300.0
POLL_SECONDS = 0.5
STORES = "stores"
LOCAL, MAIL_VARIABLE = "127.0.0.1", "MAIL_HTTP_PORT"


@click.command()
@click.option("--step", "number", default=0, show_default=True, help="The step to run.")
@click.option("--only", type=click.Choice([STORES]), help="Run the stores alone, to develop against them.")
def docker(number: int, only: str | None) -> None:
    """Run a step in containers. Ctrl-C stops them."""
    signals.install()
    step = read_step(number)
    engine = Engine(step, publishes_stores=only is not None)
    engine.require()
    try:
        if only:
            _run_stores(step, engine)
        else:
            with run_lock(step, in_containers=True):
                _run(step, engine)
    except KeyboardInterrupt:
        pass
    finally:
        signals.ignore()
    terminal.write("Stopped. The data stays for next time; `make clean` removes it.")


def _run(step: Step, engine: Engine) -> None:
    """Run all containers until a signal. Raises click.ClickException, also KeyboardInterrupt."""
    _require_ports(step)
    write_files(step)
    write_compose_settings(step.number, engine.project, file_of(step.number))
    engine.call("build")
    fleet = ContainerFleet(step, engine) if step.services else None
    with engine.stopped_at_the_end(), signals.interruptible():
        _up(engine, "--remove-orphans", *(fleet.initial_scales() if fleet else []))
        if fleet:
            fleet.reconcile()
        _await(engine, lambda: _is_ready(step), f"{step.title} was not ready")
        terminal.write(_announcement(step))
        while True:
            if fleet:
                fleet.reconcile()
            time.sleep(POLL_SECONDS)


def _require_ports(step: Step) -> None:
    """Raise click.ClickException if another program has a port that is to be published."""
    ports = {step.port_variable: step.port}
    ports |= {part.shown: step.ports[part.shown] for part in parts(step) if part.shown}
    for variable, port in ports.items():
        require_free(port, variable, LOCAL)
    require_free(port_from(MAIL_VARIABLE, MAIL_PORT), MAIL_VARIABLE, LOCAL)


def _run_stores(step: Step, engine: Engine) -> None:
    write_files(step)
    names = [MONGO, *([NATS] if step.nats else []), MAIL, PREPARE]
    engine.call("build", *names)
    with engine.stopped_at_the_end(), signals.interruptible():
        _up(engine, *names)
        _await(engine, lambda: _is_prepared(engine), "The stores were not prepared")
        terminal.write(f"  ready: the stores of step {step.number}, for this machine alone")
        terminal.write(f"  the variables of each service: {folder(step.number)}/*.env")
        terminal.write("  Ctrl-C stops them")
        while True:
            time.sleep(POLL_SECONDS)


def _up(engine: Engine, *words: str) -> None:
    """Start containers. Raises click.ClickException, with the logs of those that failed."""
    try:
        engine.call("up", "--detach", *words)
    except click.ClickException:
        _require_no_failure(engine)
        raise


def _require_no_failure(engine: Engine) -> None:
    failed = sorted({each.service for each in engine.containers() if each.has_failed})
    if failed:
        raise click.ClickException(f"{', '.join(failed)} ended with an error:\n{engine.logs(failed)}")


def _await(engine: Engine, is_done: Callable[[], bool], otherwise: str) -> None:
    """Wait until something is done. Raises click.ClickException if a container fails, or after a timeout."""
    deadline = time.monotonic() + READY_SECONDS
    while not is_done():
        _require_no_failure(engine)
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"{otherwise} after {READY_SECONDS:.0f} s. See: {' '.join(engine.command('logs'))}"
            )
        time.sleep(POLL_SECONDS)


def _is_ready(step: Step) -> bool:
    try:
        return local_http.request(f"{step.url}{step.ready}", timeout=5).ok
    except requests.RequestException:
        return False


def _is_prepared(engine: Engine) -> bool:
    return any(
        each.service == PREPARE and each.status == EXITED and not each.has_failed
        for each in engine.containers()
    )


def _announcement(step: Step) -> str:
    mail = f"http://{LOCAL}:{port_from(MAIL_VARIABLE, MAIL_PORT)}"
    lines = [
        "",
        step.title,
        f"  ready: {step.url}",
        f"  try the API: {step.url}/docs",
        f"  caught mail: {mail}",
    ]
    lines += [f"  {name}: {url.format_map(addresses(step))}" for name, url in step.urls.items()]
    return "\n".join([*lines, "  Ctrl-C stops it", ""])
