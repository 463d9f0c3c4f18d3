"""Requests that a process of its own sends all the time, and what came of each."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import IO, Any

from workshop import signals
from workshop.compare.system.cores import GENERATOR, on
from workshop.testbed.process import NotMeasured, spawn

TIMEOUT_SECONDS = 15.0
WAIT_SECONDS = 30.0
"""From the end of a job to the last response, at most."""

JSON = {"Accept": "application/json"}


@dataclass(frozen=True)
class Request:
    """Requests of one kind, `rate` a second. They take the paths in turn.

    `expected` is what a complete response has: the reader's `marks` of each post, or the `counts` of a
    profile.
    """

    verb: str
    rate: float
    paths: Sequence[str]
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    expected: str = ""


@dataclass(frozen=True)
class Response:
    """What came of a request: the status, or the name of an error, `seconds` after it was due."""

    verb: str
    due: float
    seconds: float
    outcome: int | str
    has_gap: bool

    @property
    def is_good(self) -> bool:
        """Whether it has a status of success."""
        return isinstance(self.outcome, int) and self.outcome < 400


class Probe:
    """The responses so far. After `end`, all of them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._responses: list[Response] = []
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()

    def responses(self, verb: str | None = None, since: float = 0.0) -> list[Response]:
        """Return the responses, of one verb or all, to requests that were due after a moment."""
        return [
            each
            for each in self._responses.copy()
            if each.due >= since and (verb is None or each.verb == verb)
        ]

    def await_end(self) -> None:
        """Wait until the job has ended and all responses are there. Raises NotMeasured."""
        self._reader.join()
        if self._process.wait(WAIT_SECONDS):
            raise NotMeasured(f"The probe ended with {self._process.returncode}.")

    def end(self) -> None:
        """Send nothing more, and wait for the responses. Raises NotMeasured."""
        assert self._process.stdin is not None  # noqa: S101
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        self.await_end()

    def wait(self, seconds: float) -> None:
        """Go on for so many seconds. Raises NotMeasured if the process ends meanwhile."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            signals.check()
            if self._process.poll():
                raise NotMeasured(f"The probe ended with {self._process.returncode}.")
            time.sleep(min(left, 0.1))

    def _read(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self._responses.append(Response(*json.loads(line)))


@contextmanager
def probing(
    url: str, requests: Sequence[Request], seconds: float = 3600.0, *, seed: int | None = None
) -> Iterator[Probe]:
    """Send requests inside the block, or until `seconds` have passed: evenly, or with a seed at random."""
    job = {
        "url": url,
        "seconds": seconds,
        "timeout": TIMEOUT_SECONDS,
        "seed": seed,
        "requests": [{**asdict(each), "paths": list(each.paths)} for each in requests],
    }
    with on(GENERATOR):
        process = spawn(
            [sys.executable, "-m", "workshop.compare.probing.prober"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    try:
        assert process.stdin is not None  # noqa: S101
        process.stdin.write(f"{json.dumps(job)}\n")
        process.stdin.flush()
        yield Probe(process)
    finally:
        process.kill()
        process.wait()


def p99_ms(seconds: Sequence[float]) -> float:
    """Return the 99th percentile in milliseconds; 0 without any."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000 if ordered else 0.0
