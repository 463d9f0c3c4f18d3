"""`workshop run`: stores, data and a step's processes, until Ctrl-C."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import click
import requests

from workshop import state
from workshop.load.bundled import load_bundled
from workshop.ports import require_free
from workshop.steps import Process, Step, read_step
from workshop.stores import Stores, posts_of, stores
from workshop.supervise import Supervisor

READY_SECONDS = 60


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
    metrics = state.folder() / f"metrics{step.number}"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir()
    if step.prepare:
        command, env = _filled(step, step.prepare, up, metrics)
        if subprocess.run(command, env=env, cwd=state.ROOT, check=False).returncode:
            return f"Preparing the step failed; {shlex.join(command)} said why above."
    supervisor = Supervisor()
    for process in step.processes:
        command, env = _filled(step, process, up, metrics)
        supervisor.add(process.name, command, env, str(state.ROOT))
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(step, up, supervisor.stop, ended), daemon=True)
    watcher.start()
    try:
        return supervisor.run()
    finally:
        ended.set()
        watcher.join(timeout=5)


def _filled(step: Step, process: Process, up: Stores, metrics: Path) -> tuple[list[str], dict[str, str]]:
    own_metrics = metrics / process.name
    own_metrics.mkdir(exist_ok=True)
    places = {
        **_addresses(step),
        "python": sys.executable,
        "mongodb": up.mongodb,
        "smtp_host": up.smtp_host,
        "smtp_port": up.smtp_port,
        "secrets": _Secrets(step.number),
        "metrics": own_metrics,
    }
    filled = {name: value.format_map(places) for name, value in process.env.items()}
    ports = {step.port_variable: step.port, **step.ports}
    face = {f"STEP{step.number}_HOST": step.host, **{name: str(port) for name, port in ports.items()}}
    if sys.stdout.isatty():  # the processes themselves only see our pipe
        face["LOG_FORMAT"] = "console"
    env = {**face, **filled, **os.environ, "PYTHONUNBUFFERED": "1"}
    return [word.format_map(places) for word in shlex.split(process.command)], env


class _Secrets:
    """Secrets of a step by name, made when first asked for."""

    def __init__(self, step: int) -> None:
        self._step = step

    def __getitem__(self, name: str) -> str:
        return state.secret(f"{name} of step {self._step}")


def _addresses(step: Step) -> dict[str, Any]:
    return {"host": step.host, "ports": step.ports}


def _watch(step: Step, up: Stores, stop: Callable[[str], None], ended: threading.Event) -> None:
    """Tell when the step is ready, and stop it when a part that this run started dies."""
    deadline = time.monotonic() + READY_SECONDS
    said_ready = False
    while not ended.wait(0.1 if not said_ready else 0.5):
        for part in up.parts:
            if part.started_here and not part.alive():
                words = part.last_words(3)
                stop(f"{part.name} has died, so the step was stopped. The end of {part.log}:\n{words}")
                return
        if not said_ready:
            missing = _not_ready(step)
            if missing is None:
                said_ready = True
                _announce(step, up)
            elif time.monotonic() > deadline:
                stop(f"{step.title} was not ready within {READY_SECONDS} s: {missing}")
                return


def _not_ready(step: Step) -> str | None:
    try:
        answer = requests.get(step.url + step.ready, timeout=2)
    except requests.RequestException as error:
        return f"{step.url} does not answer ({type(error).__name__})"
    return None if answer.ok else f"{step.url}{step.ready} says {answer.text}"


def _announce(step: Step, up: Stores) -> None:
    click.echo(f"\n{step.title}\n  ready: {step.url}")
    click.echo(f"  try the API: {step.url}/docs")
    for name, url in step.urls.items():
        click.echo(f"  {name}: {url.format_map(_addresses(step))}")
    if up.mail_page:
        click.echo(f"  caught mail: {up.mail_page}")
    click.echo("  Ctrl-C stops it\n")


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
