"""A step as it always runs, but with a state folder and ports of its own, for measurements."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import psutil
import requests
from pymongo import MongoClient

from workshop import environment
from workshop.bench.failed import NotMeasured
from workshop.bench.process import Started, end_children, started, to_its_end
from workshop.ports import free_port
from workshop.processes.exits import await_exit
from workshop.steps import read_step
from workshop.stores.mongod import Mongod

START_SECONDS = 180.0
END_SECONDS = 10.0
PARTS = ("MONGO_PORT", "NATS_PORT", "MAIL_SMTP_PORT", "MAIL_HTTP_PORT")


@contextmanager
def own_state(step: int | None = None) -> Iterator[None]:
    """Inside the block the workshop's commands, this process included, use a state folder, ports and servers
    of their own, on this machine and reached without a proxy.
    """
    names = [*PARTS, *([f"STEP{step}_PORT", *read_step(step).ports] if step is not None else [])]
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="stones-bench-", ignore_cleanup_errors=True) as folder:
        kept = environment.inherited() | environment.overrides(["MONGO_CACHE_GB"])
        os.environ.clear()
        os.environ.update(kept | {name: str(free_port()) for name in names})
        os.environ.update(WORKSHOP_STATE=folder, STONES_LOG_LEVEL="WARNING")
        try:
            yield
        finally:
            to_its_end(end_children)
            os.environ.clear()
            os.environ.update(before)


@contextmanager
def running(step: int) -> Iterator[Started]:
    """`./stones run` of a step, which is given at once, before it is ready."""
    command = [sys.executable, "-m", "workshop", "run", "--step", str(step), "--no-bundled"]
    with started(f"step {step}", command, end_with=signal.SIGINT) as run:
        yield run


@dataclass(frozen=True)
class Stage:
    """A step that is up: its MongoDB, a client that may do everything there, and the run."""

    mongod: Mongod
    client: MongoClient[dict[str, Any]]
    run: Started


class Stages:
    """Starts step 3 for the first measurement that wants it, and stops it at the end of the block."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._step3: Stage | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def step3(self) -> Stage:
        """Step 3, without posts or with those of the measurement before. Raises NotMeasured."""
        if self._step3 is None:
            self._step3 = self._stack.enter_context(_up(3))
        return self._step3


@contextmanager
def _up(step: int) -> Iterator[Stage]:
    with own_state(step), Mongod() as mongod:
        mongod.wait()
        with mongod.admin() as client, running(step) as run:
            await_ready(step, run)
            yield Stage(mongod, client, run)


@contextmanager
def without(run: psutil.Process, service: str) -> Iterator[None]:
    """Inside the block all instances of a service are dead and stay so: the run, which would start them
    again, stands still, as one would whose machine has no room for another process.
    """
    doomed = [
        each
        for child in run.children()
        if (child.environ().get("INSTANCE") or "").split("-")[0] == service
        for each in (child, *child.children())
    ]
    if not doomed:
        raise NotMeasured(f"No instance of {service} is up.")
    run.suspend()
    try:
        for each in doomed:
            each.kill()
        if left := await_exit(doomed, END_SECONDS):
            raise NotMeasured(f"{len(left)} processes of {service} do not end.")
        yield
    finally:
        run.resume()


def await_ready(step: int, run: Started, seconds: float = START_SECONDS) -> None:
    """Wait until the step that `run` runs is, which takes longer with much to copy first. Raises NotMeasured
    with the end of its log when it does not become so.
    """
    deadline = time.monotonic() + seconds
    url = f"{read_step(step).url}/health/ready"
    while time.monotonic() < deadline and run.process.poll() is None:
        with suppress(requests.RequestException, ValueError, KeyError):
            told = requests.get(url, timeout=5).json()
            if all(state == "ok" for state in told["parts"].values()):
                return
        time.sleep(0.2)
    raise run.failed("did not become ready")
