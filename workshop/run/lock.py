"""The lock file of a run. Each step has at most one run in a state folder; its lock file says where it is."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import click

from workshop import signals, state
from workshop.steps import Step, read_step, step_numbers

RETRY_SECONDS = 2.0
"""How long to try again to get the lock: a command that checks whether the step runs holds it for a
moment.
"""


@dataclass(frozen=True)
class RunInfo:
    """The process of a run, its start, the address of its face, and whether its parts are containers."""

    pid: int
    since: str
    url: str
    in_containers: bool = False


@contextmanager
def run_lock(step: Step, *, in_containers: bool = False) -> Iterator[None]:
    """Hold the lock of the step's only run inside the block. Raises click.ClickException when another run
    holds it.
    """
    deadline = time.monotonic() + RETRY_SECONDS
    with _path(step.number).open("a+") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise click.ClickException(_already_runs(step.number)) from None
                signals.check()
                time.sleep(0.05)
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        file.truncate(0)
        file.write(json.dumps(asdict(RunInfo(os.getpid(), now, step.url, in_containers))))
        file.flush()
        yield


def running_steps() -> dict[int, RunInfo | None]:
    """Return the steps that run, and what is known of each run."""
    return {number: _read(number) for number in step_numbers() if _is_running(number)}


def runs_in_containers(step: int) -> bool:
    """Return whether the step runs, and in containers."""
    info = _read(step) if _is_running(step) else None
    return info is not None and info.in_containers


def require_running(step: int) -> None:
    """Raise click.ClickException when the step does not run."""
    if _is_running(step):
        return
    others = [number for number in running_steps() if number != step and read_step(number).services]
    hint = "".join(f" Step {number} runs: add `--step {number}` for that one." for number in others)
    raise click.ClickException(f"Step {step} does not run: start it with `make run STEP={step}`.{hint}")


def is_running_in(folder: Path, step: int) -> bool:
    """Return whether the step runs with another state folder than this process's."""
    return _is_locked(_path(step, folder))


def _is_running(step: int) -> bool:
    return _is_locked(_path(step))


def _is_locked(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _already_runs(step: int) -> str:
    info = _read(step)
    if info is None:
        return f"Step {step} runs here already, with {state.folder()}."
    since = datetime.fromisoformat(info.since)
    form = "%H:%M:%S" if since.date() == datetime.now().astimezone().date() else "%Y-%m-%d %H:%M:%S"
    return (
        f"Step {step} runs here already, since {since.strftime(form)} (process {info.pid}): {info.url}. "
        f"Ctrl-C in its terminal or `kill {info.pid}` stops it."
    )


def _read(step: int) -> RunInfo | None:
    with suppress(OSError, ValueError, TypeError):
        return RunInfo(**json.loads(_path(step).read_text()))
    return None


def _path(step: int, folder: Path | None = None) -> Path:
    return (folder or state.folder()) / f"run{step}.lock"
