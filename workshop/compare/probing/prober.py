"""`python -m workshop.compare.probing.prober`: sends requests of several kinds at constant rates.

It reads one line of JSON from standard input (see `probe`), and prints a line for each response: verb, due
time by the monotonic clock, seconds from then, status or name of the error, and whether the response leaves
something out. It ends `seconds` after its start, or when its standard input ends, and when all responses are
there.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

import aiohttp

MARKS = {"tags", "liked", "hidden"}
COUNTS = {"tags", "likes", "hidden", "shares"}


def leaves_out(expected: str, body: bytes) -> bool:
    """Return whether marks of a reader are missing on a post, or counts in a profile."""
    if expected not in ("marks", "counts"):
        return False
    try:
        found = json.loads(body)
        if expected == "counts":
            return not found["counts"].keys() >= COUNTS
        return any(not each.keys() >= MARKS for each in found.get("_items", [found]))
    except (ValueError, KeyError, AttributeError):
        return True


def due_times(rate: float, began: float, offset: float, seed: int | None) -> Iterator[float]:
    """Yield when requests are due: evenly, or with a seed at random (Poisson)."""
    if seed is None:
        yield from (began + (number + offset) / rate for number in count())
    draw, due = random.Random(seed), began  # noqa: S311 - no secret
    while True:
        due += draw.expovariate(rate)
        yield due


class Prober:
    """Sends the requests of a job. Each has a task of its own, so that slow responses delay no others."""

    def __init__(self, job: dict[str, Any], session: aiohttp.ClientSession) -> None:
        self._job, self._session = job, session
        self._ended = asyncio.Event()
        self._sent: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send until the end of the job."""
        began, kinds = time.monotonic() + 0.05, self._job["requests"]
        asyncio.get_running_loop().call_later(self._job["seconds"], self._ended.set)
        senders = [
            asyncio.create_task(self._send_all(kind, number, began, number / len(kinds)))
            for number, kind in enumerate(kinds)
        ]
        await self._ended.wait()
        for each in senders:
            each.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        await asyncio.gather(*self._sent)

    def end(self) -> None:
        """Send nothing more."""
        self._ended.set()

    async def _send_all(self, kind: dict[str, Any], number: int, began: float, offset: float) -> None:
        seed = None if self._job["seed"] is None else self._job["seed"] + number
        for place, due in enumerate(due_times(kind["rate"], began, offset, seed)):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            path = kind["paths"][place % len(kind["paths"])]
            task = asyncio.create_task(self._send(kind, path, due))
            self._sent.add(task)
            task.add_done_callback(self._sent.discard)

    async def _send(self, kind: dict[str, Any], path: str, due: float) -> None:
        outcome: int | str
        has_gap = False
        try:
            async with self._session.request(
                kind["method"],
                self._job["url"] + path,
                json=kind["body"],
                headers=kind["headers"],
                allow_redirects=False,
            ) as response:
                body = await response.read()
            outcome, has_gap = response.status, response.status < 400 and leaves_out(kind["expected"], body)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            outcome = type(error).__name__
        line = json.dumps([kind["verb"], due, time.monotonic() - due, outcome, has_gap])
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


async def main() -> None:
    """Run the job of standard input."""
    job = json.loads(sys.stdin.readline())
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(job["timeout"]),
        connector=aiohttp.TCPConnector(limit=0),
        trust_env=False,
    ) as session:
        prober = Prober(job, session)
        asyncio.get_running_loop().add_reader(sys.stdin, prober.end)  # its end is readable
        await prober.run()


if __name__ == "__main__":
    asyncio.run(main())
