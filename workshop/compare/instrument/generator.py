"""The load generator, a process of its own: each line that it reads is a job, in JSON, and for each it prints
what came of it as a line of JSON.

It is an open loop: each request is sent when it is due, however many are unanswered. Latency counts from the
moment when the request was due. A closed loop waits for responses, so a slow server gets fewer requests, and
its worst moments are hardly seen ("coordinated omission").
"""

import asyncio
import gc
import json
import resource
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from random import Random
from typing import Any

import aiohttp
from yarl import URL

from workshop.compare.instrument.bodies import Bodies
from workshop.compare.instrument.figures import Outcomes, summarise
from workshop.compare.instrument.job import Job
from workshop.compare.observations import Sent
from workshop.compare.workload.mix import Request, draw_requests

TIMEOUT = 15.0
EARLY = 0.0005
"""Timers of event loops are in milliseconds, so a request may be sent so many seconds early. Then its latency
counts from when it was sent.
"""

Arrival = tuple[float, Request]
"""When a request is due, in seconds from the first moment of the trial, and the request."""


def main() -> None:
    """Send the jobs of stdin, one after the other."""
    _raise_file_limit()
    run = _runner()
    for line in sys.stdin:
        print(json.dumps(asdict(run(Trial(Job(**json.loads(line))).run()))), flush=True)


def arrivals(job: Job) -> list[Arrival]:
    """Return all requests of a job, with exponential gaps between them. The same job gives the same ones."""
    rng = Random(job.seed)  # noqa: S311 - repeatable, not secret
    times = []
    due = rng.expovariate(job.rate)
    while due < job.warm_up + job.seconds:
        times.append(due)
        due += rng.expovariate(job.rate)
    drawn = draw_requests(job.mix, job.words, job.posts, rng, signed=job.signed, readers=len(job.tokens))
    return [*zip(times, islice(drawn, len(times)), strict=True)]


class Trial:
    """A job that is being sent."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._arrivals = arrivals(job)
        base = URL(job.base.rstrip("/"))
        self._urls = {
            path: URL(f"{base}{path}", encoded=True)
            for path in {request.path for _, request in self._arrivals}
        }
        self._headers = [{"Authorization": f"Bearer {token}"} for token in job.tokens]
        self._bodies = Bodies(job.expected)
        self._outcomes = Outcomes()
        self._unanswered: set[asyncio.Task[None]] = set()
        self._most_unanswered = job.rate * job.give_up if job.give_up else float("inf")
        self._start = 0.0

    async def run(self) -> Sent:
        """Send all requests, and return what came of them when the last response is there."""
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=TIMEOUT),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT),
            headers={"Accept": "application/json"},
            skip_auto_headers=("User-Agent", "Accept-Encoding"),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        ) as self._session:
            _leave_out_of_collections()
            self._start = time.perf_counter()
            seconds, cpu = await self._send_all()
            if self._unanswered:
                await asyncio.wait(self._unanswered)
        return summarise(self._job, self._outcomes, seconds, cpu)

    async def _send_all(self) -> tuple[float, float]:
        """Start each request when it is due. Return the seconds between the first and the last that count,
        and the processor time that this process used by second meanwhile.
        """
        begun = cpu = first = last = 0.0
        for offset, request in self._arrivals:
            due = self._start + offset
            while (early := due - time.perf_counter()) > EARLY:
                await asyncio.sleep(early)
            counts = offset >= self._job.warm_up
            if counts and not begun:
                begun, cpu, first = time.perf_counter(), time.process_time(), offset
            last = offset
            task = asyncio.create_task(self._send(due, request, counts))
            self._unanswered.add(task)
            task.add_done_callback(self._unanswered.discard)
            if len(self._unanswered) > self._most_unanswered:
                self._give_up()
                break
        if not begun:
            return 0.0, 0.0
        return last - first, (time.process_time() - cpu) / (time.perf_counter() - begun)

    def _give_up(self) -> None:
        for each in self._unanswered:
            each.cancel()

    async def _send(self, due: float, request: Request, counts: bool) -> None:
        sent = time.perf_counter()
        error = await self._error_of(request, counts)
        if counts:
            self._outcomes.finished(request.verb, due, sent, time.perf_counter(), error)

    async def _error_of(self, request: Request, counts: bool) -> str | None:
        headers = self._headers[request.reader] if request.reader is not None else None
        try:
            async with self._session.request(
                request.method, self._urls[request.path], headers=headers, allow_redirects=False
            ) as response:
                body = await response.read()
        except asyncio.CancelledError:
            return "given up"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return type(error).__name__
        if response.status >= 400:
            return str(response.status)
        fault = self._bodies.fault(request, body)
        if fault and counts and self._outcomes.fault is None:
            self._outcomes.fault = fault
        return "wrong body" if fault else None


def _leave_out_of_collections() -> None:
    """Let the garbage collector pass over what stays until the end, and run less often."""
    gc.unfreeze()  # what an earlier trial has left
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS refuses an unlimited number
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _runner() -> Callable[[Coroutine[Any, Any, Sent]], Sent]:
    """Return the quicker event loop where there is one."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return asyncio.run
    return uvloop.run


if __name__ == "__main__":
    main()
