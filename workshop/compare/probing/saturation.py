"""`python -m workshop.compare.probing.saturation`: as many searches as a system responds to.

Each connection sends its next request when it has the last response. That says nothing about latency, but
what the system does at most. It reads one line of JSON from standard input, and prints one.

Each search is for a word that posts have and another that is in no post and was never searched for: no cache
has the response.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any
from urllib.parse import quote

import psutil

from workshop.compare.probing.probe import JSON
from workshop.compare.system.cores import GENERATOR, on
from workshop.testbed.process import NotMeasured, started
from workshop.testbed.usage import total_cpu_seconds

WORDS = (
    *("table", "string", "value", "config", "response", "message", "field", "token", "worker", "job"),
    *("event", "session", "loop", "array", "socket", "cookie", "stream", "plugin", "queue", "release"),
)
"""Words that some posts in a hundred have. A word in half of them would measure MongoDB, which ranks them.
"""

PAGE = 50
"""Posts on a page: the most that there can be, so that the service has more to do than those around it."""

WARM_UP_SECONDS = 1.5
TIMEOUT_SECONDS = 15.0


@dataclass(frozen=True)
class Saturated:
    """Good responses a second, the errors by status or name, and the cores that the generator used."""

    per_second: float
    errors: dict[str, int]
    generator_cpu: float


def saturate(
    url: str, connections: int, seconds: float, *watched: list[psutil.Process]
) -> tuple[Saturated, list[float]]:
    """Search over so many connections for so many seconds, in a process of its own.

    Return what came of it, and how many cores each group of `watched` processes used meanwhile. Raises
    NotMeasured.
    """
    job = json.dumps({"url": url, "connections": connections, "seconds": seconds, "run": time.time_ns()})
    command = [sys.executable, "-m", "workshop.compare.probing.saturation", job]
    with on(GENERATOR), started("saturation", command) as process:
        process.await_line()  # it begins to count
        began, before = time.monotonic(), [total_cpu_seconds(each) for each in watched]
        with suppress(subprocess.TimeoutExpired):
            process.process.wait(seconds)
        lasted = time.monotonic() - began
        cores = [(total_cpu_seconds(each) - was) / lasted for each, was in zip(watched, before, strict=True)]
        if process.process.wait(2 * TIMEOUT_SECONDS):
            raise process.failed("ended with an error")
        found = Saturated(**json.loads(process.log.read_text().splitlines()[-1]))
    if not found.per_second:
        raise NotMeasured(f"No search had a good response at {url}; errors: {found.errors or 'none'}.")
    return found, cores


async def measure(job: dict[str, Any]) -> Saturated:
    """Search as the job says."""
    import aiohttp  # noqa: PLC0415 - it takes a while, and whoever starts this process needs it not

    numbers, outcomes = count(), Counter[str]()
    is_counting = is_over = False

    async def search(session: aiohttp.ClientSession) -> None:
        while not is_over:
            number = next(numbers)
            words = quote(f"{WORDS[number % len(WORDS)]} zq{job['run']:x}{number}")
            try:
                async with session.get(f"{job['url']}/search?q={words}&max_results={PAGE}") as response:
                    await response.read()
                outcome = "good" if response.status < 400 else str(response.status)
            except (TimeoutError, aiohttp.ClientError, OSError) as error:
                outcome = type(error).__name__
            if is_counting and not is_over:
                outcomes[outcome] += 1
            if outcome != "good":
                await asyncio.sleep(0.05)

    async with aiohttp.ClientSession(
        headers=JSON,
        timeout=aiohttp.ClientTimeout(TIMEOUT_SECONDS),
        connector=aiohttp.TCPConnector(limit=0),
        trust_env=False,
    ) as session:
        searching = [asyncio.create_task(search(session)) for _ in range(job["connections"])]
        await asyncio.sleep(WARM_UP_SECONDS)
        print("counting", flush=True)
        is_counting, began, cpu = True, time.monotonic(), time.process_time()
        await asyncio.sleep(job["seconds"])
        is_over, lasted = True, time.monotonic() - began
        cpu = (time.process_time() - cpu) / lasted
        await asyncio.gather(*searching)
    return Saturated(outcomes.pop("good", 0) / lasted, dict(outcomes), cpu)


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(measure(json.loads(sys.argv[1]))))))
