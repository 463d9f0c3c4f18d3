"""Sends a load from a process of its own, on cores of its own."""

import json
import subprocess
import sys
from dataclasses import asdict

from workshop.compare.instrument.job import LATENESS_MS, Job
from workshop.compare.observations import Sent
from workshop.compare.system import cores
from workshop.testbed.process import NotMeasured, spawn

MODULE = "workshop.compare.instrument.generator"
GRACE = 60.0
"""Seconds beyond those of the job: to start, to wait for the last responses, and to count them."""

LAST_CHARACTERS = 2000


def send_in_time(job: Job) -> Sent:
    """Send a job, and once more if the generator was late: another program may have held it up."""
    sent = send(job)
    return sent if sent.lateness_p99_ms <= LATENESS_MS else send(job)


def send(job: Job) -> Sent:
    """Send a job, and return what came of it. Raises NotMeasured if the generator fails."""
    with cores.on(cores.GENERATOR):
        process = spawn(
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        output, errors = process.communicate(
            json.dumps(asdict(job)), timeout=job.warm_up + job.seconds + GRACE
        )
    except subprocess.TimeoutExpired as error:
        raise NotMeasured("The load generator did not end.") from error
    finally:
        process.kill()
        process.wait()
    if process.returncode:
        raise NotMeasured(f"The load generator failed:\n{errors[-LAST_CHARACTERS:].strip()}")
    return Sent(**json.loads(output))
