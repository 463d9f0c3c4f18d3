"""Steps as they always run, but with a state folder and ports of their own."""

import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType, TracebackType
from typing import Any, Self

import psutil
import requests
from pymongo import MongoClient

from workshop import environment
from workshop.ports import free_port
from workshop.processes.exits import await_exit
from workshop.steps import read_step
from workshop.stores.mongod import Mongod
from workshop.testbed.process import (
    NotMeasured,
    StartedProcess,
    children,
    started,
    stop_children,
    uninterrupted,
)

START_SECONDS = 180.0
END_SECONDS = 10.0
QUIET: Mapping[str, str] = MappingProxyType({"STONES_LOG_LEVEL": "WARNING"})
"""Settings of a step that does not log its requests."""

PORT_VARIABLES = ("MONGO_PORT", "NATS_PORT", "MAIL_SMTP_PORT", "MAIL_HTTP_PORT")


@contextmanager
def isolated_state(step: int | None = None, env: Mapping[str, str] = QUIET) -> Iterator[None]:
    """Give the workshop's commands, and this process, a state folder, ports and servers of their own inside
    the block, and the settings `env`. The servers are on this machine and are reached without a proxy.
    """
    names = [*PORT_VARIABLES, *([f"STEP{step}_PORT", *read_step(step).ports] if step is not None else [])]
    before, others = dict(os.environ), children()
    with tempfile.TemporaryDirectory(prefix="stones-bench-", ignore_cleanup_errors=True) as folder:
        kept = environment.inherited() | environment.overrides(["MONGO_CACHE_GB"])
        os.environ.clear()
        os.environ.update(kept | {name: str(free_port()) for name in names})
        os.environ.update({"WORKSHOP_STATE": folder, **env})
        try:
            yield
        finally:
            uninterrupted(partial(stop_children, others))
            os.environ.clear()
            os.environ.update(before)


@contextmanager
def running_step(step: int, *, bundled: bool = False, restart: bool = False) -> Iterator[StartedProcess]:
    """Run `./stones run` of a step inside the block, without posts or with the bundled ones. It may not be
    ready yet. With `restart` it starts again whatever ends, at any step.
    """
    options = ["--bundled" if bundled else "--no-bundled", *(["--restart"] if restart else [])]
    command = [sys.executable, "-m", "workshop", "run", "--step", str(step), *options]
    with started(f"step {step}", command, end_with=signal.SIGINT) as run:
        yield run


@dataclass(frozen=True)
class RunningStep:
    """A step that is up: its MongoDB, a client without restrictions, and the process of the run."""

    mongod: Mongod
    client: MongoClient[dict[str, Any]]
    run: StartedProcess


class Testbed:
    """Starts step 3 for the first measurement that needs it, and stops it at the end of the block."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._step3: RunningStep | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def step3(self) -> RunningStep:
        """Return step 3, without posts or with those of an earlier measurement. Raises NotMeasured."""
        if self._step3 is None:
            self._step3 = self._stack.enter_context(_up(3))
        return self._step3


@contextmanager
def _up(step: int) -> Iterator[RunningStep]:
    with isolated_state(step), Mongod() as mongod:
        mongod.wait()
        with mongod.admin() as client, running_step(step) as run:
            await_ready(step, run)
            yield RunningStep(mongod, client, run)


@contextmanager
def without_service(run: psutil.Process, service: str) -> Iterator[None]:
    """Kill all instances of a service, and keep them dead inside the block. The run is suspended meanwhile,
    as it would start them again.
    """
    processes = [
        each
        for child in run.children()
        if (child.environ().get("INSTANCE") or "").split("-")[0] == service
        for each in (child, *child.children())
    ]
    if not processes:
        raise NotMeasured(f"No instance of {service} is up.")
    run.suspend()
    try:
        for each in processes:
            each.kill()
        if left := await_exit(processes, END_SECONDS):
            raise NotMeasured(f"{len(left)} processes of {service} did not end.")
        yield
    finally:
        run.resume()


def await_ready(step: int, run: StartedProcess, seconds: float = START_SECONDS) -> None:
    """Wait until the step of `run` is ready, at most `seconds`. It takes longer if there is much to copy.

    If the step does not become ready, raise NotMeasured with the end of its log.
    """
    deadline = time.monotonic() + seconds
    url = f"{read_step(step).url}/health/ready"
    while time.monotonic() < deadline and run.process.poll() is None:
        with suppress(requests.RequestException, ValueError, KeyError):
            health = requests.get(url, timeout=5).json()
            if all(state == "ok" for state in health["parts"].values()):
                return
        time.sleep(0.2)
    raise run.failed("did not become ready")
