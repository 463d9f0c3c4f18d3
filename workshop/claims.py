"""Which steps run with this state folder: each has one run, which holds a lock and says where it is."""

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

from workshop import interruption, state
from workshop.steps import Step, read_step, step_numbers

PATIENCE_SECONDS = 2.0
"""A command that asks whether the step runs holds the lock for a moment."""


@dataclass(frozen=True)
class Claim:
    """A run of a step: its process, since when it runs, and where its face is."""

    pid: int
    since: str
    url: str


@contextmanager
def claimed(step: Step) -> Iterator[None]:
    """Be the one run of the step inside the block. Raises click.ClickException when there is another."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with _file(step.number).open("a+") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise click.ClickException(_refusal(step.number)) from None
                interruption.obey()
                time.sleep(0.05)
        now = datetime.now().astimezone().isoformat(timespec="seconds")
        file.truncate(0)
        file.write(json.dumps(asdict(Claim(os.getpid(), now, step.url))))
        file.flush()
        yield


def running() -> dict[int, Claim | None]:
    """The steps that run, with what is known of each."""
    return {number: _read(number) for number in step_numbers() if _runs(number)}


def require_run(step: int) -> None:
    """Raise click.ClickException when the step does not run."""
    if _runs(step):
        return
    others = [number for number in running() if number != step and read_step(number).services]
    hint = "".join(f" Step {number} runs: for that one add `--step {number}`." for number in others)
    raise click.ClickException(f"Step {step} does not run: start it with `make run STEP={step}`.{hint}")


def _runs(step: int) -> bool:
    if not _file(step).exists():
        return False
    with _file(step).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _refusal(step: int) -> str:
    claim = _read(step)
    if claim is None:
        return f"Step {step} runs here already, with {state.folder()}."
    since = datetime.fromisoformat(claim.since)
    form = "%H:%M:%S" if since.date() == datetime.now().astimezone().date() else "%Y-%m-%d %H:%M:%S"
    return (
        f"Step {step} runs here already, since {since.strftime(form)} (process {claim.pid}): {claim.url}. "
        f"Ctrl-C in its terminal or `kill {claim.pid}` stops it."
    )


def _read(step: int) -> Claim | None:
    with suppress(OSError, ValueError, TypeError):
        return Claim(**json.loads(_file(step).read_text()))
    return None


def _file(step: int) -> Path:
    return state.folder() / f"run{step}.lock"
