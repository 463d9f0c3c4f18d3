"""A step as it always runs, but with a state folder and ports of its own, for measurements."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import requests

from workshop.ports import free_port
from workshop.processes.life import await_end, runs
from workshop.state import ROOT
from workshop.steps import read_step

START_SECONDS = 90.0
END_SECONDS = 10.0


@contextmanager
def own_state(step: int) -> Iterator[None]:
    """Inside the block the workshop's commands, this process included, use a state folder and ports of their
    own.
    """
    parts = ("MONGO_PORT", "NATS_PORT", "MAIL_SMTP_PORT", "MAIL_HTTP_PORT")
    names = (*parts, f"STEP{step}_PORT", *read_step(step).ports)
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="stones-bench-") as folder:
        os.environ.update({name: str(free_port()) for name in names})
        os.environ.update(WORKSHOP_STATE=folder, LOG_LEVEL="WARNING")
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


@contextmanager
def running(step: int) -> Iterator[psutil.Process]:
    """`workshop run` of a step, whose process is given at once, before it is ready."""
    command = [sys.executable, "-m", "workshop", "run", "--step", str(step), "--no-bundled"]
    log = Path(os.environ["WORKSHOP_STATE"]) / "run.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


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
        raise RuntimeError(f"No instance of {service} is up.")
    run.suspend()
    try:
        for each in doomed:
            each.kill()
        if left := await_end(doomed, END_SECONDS):
            raise RuntimeError(f"{len(left)} processes of {service} do not end.")
        yield
    finally:
        run.resume()


def await_ready(step: int, run: psutil.Process, seconds: float = START_SECONDS) -> None:
    """Wait until the step that `run` runs is, which takes longer with much to copy first. Raises RuntimeError
    with the end of its log when it does not become so.
    """
    deadline = time.monotonic() + seconds
    url = f"http://127.0.0.1:{read_step(step).port}/health/ready"
    while time.monotonic() < deadline and runs(run):
        try:
            told = requests.get(url, timeout=5).json()
            if all(state == "ok" for state in told["parts"].values()):
                return
        except (requests.RequestException, ValueError, KeyError):
            pass
        time.sleep(0.2)
    log = (Path(os.environ["WORKSHOP_STATE"]) / "run.log").read_text(errors="replace")
    raise RuntimeError(f"Step {step} did not become ready. The end of its log:\n{log[-2000:]}")
