"""Sends loads from a process of its own, on cores of its own."""

import json
import select
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import IO

from workshop.compare.instrument.job import LATENESS_MS, Job
from workshop.compare.observations import Sent
from workshop.compare.system import cores
from workshop.testbed.process import NotMeasured, spawn

MODULE = "workshop.compare.instrument.generator"
GRACE = 60.0
"""Seconds beyond those of the job: to start, to wait for the last responses, and to count them."""

LAST_CHARACTERS = 2000

Send = Callable[[Job], Sent]
"""Sends a job, and returns what came of it. Raises NotMeasured if the generator fails."""


@contextmanager
def generator() -> Iterator[Send]:
    """Run a generator inside the block, which sends one job after the other."""
    with cores.on(cores.GENERATOR):
        process = spawn(
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        yield lambda job: _send(process, job)
    finally:
        process.kill()
        process.communicate()


def send(job: Job) -> Sent:
    """Send a job with a generator of its own. Raises NotMeasured if the generator fails."""
    with generator() as sending:
        return sending(job)


def send_in_time(job: Job) -> Sent:
    """Send a job, and once more if the generator was late: another program may have held it up."""
    sent = send(job)
    return sent if sent.lateness_p99_ms <= LATENESS_MS else send(job)


def _send(process: "subprocess.Popen[str]", job: Job) -> Sent:
    jobs, results, errors = (_piped(each) for each in (process.stdin, process.stdout, process.stderr))
    with suppress(BrokenPipeError):  # it has ended, and why stands in its errors
        print(json.dumps(asdict(job)), file=jobs, flush=True)
    ready, _, _ = select.select([results], [], [], job.warm_up + job.seconds + GRACE)
    if not ready:
        raise NotMeasured("The load generator did not end.")
    if line := results.readline():
        return Sent(**json.loads(line))
    raise NotMeasured(f"The load generator failed:\n{errors.read()[-LAST_CHARACTERS:].strip()}")


def _piped(stream: IO[str] | None) -> IO[str]:
    assert stream is not None  # noqa: S101 - all three are pipes
    return stream
