"""Measures what requests cost servers in CPU time, and how many they respond to, while the servers take
turns.

Whatever else the machine does affects all of them, so ratios within one run mean something where absolute
numbers do not.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import aiohttp
import psutil
import requests

WORDS = ("python", "cache", "service", "server", "query", "test")


@dataclass
class Server:
    """A server whose `process` responds to GET at `url`, in which `{word}` stands for one of WORDS."""

    name: str
    url: str
    process: psutil.Process
    connections: int = 1
    """The number of requests in flight at once, each over its own connection."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request."""

    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.headers.update(self._all_headers())

    def get(self, word: str) -> Any:
        """Return the response to one request."""
        response = self.session.get(self.url.format(word=word), timeout=30)
        response.raise_for_status()
        return response.json()

    def measure(self, number: int) -> tuple[float, float]:
        """Send so many requests. Return the CPU microseconds of one, and the number of responses a second."""
        began, before = time.monotonic(), self._cpu_seconds()
        asyncio.run(self._send(number))
        return (self._cpu_seconds() - before) / number * 1e6, number / (time.monotonic() - began)

    async def _send(self, number: int) -> None:
        numbers = iter(range(number))
        async with aiohttp.ClientSession(headers=self._all_headers(), raise_for_status=True) as session:

            async def send_in_turn() -> None:
                for each in numbers:
                    async with session.get(self.url.format(word=WORDS[each % len(WORDS)])) as response:
                        await response.read()

            await asyncio.gather(*(send_in_turn() for _ in range(self.connections)))

    def _all_headers(self) -> dict[str, str]:
        return {"Accept": "application/json", **self.headers}

    def _cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True)
class Cost:
    """CPU microseconds of a request and responses a second, and the ratio of each to the first server's in
    the same round. All are medians of the rounds.
    """

    name: str
    microseconds: float
    ratio: float
    per_second: float
    rate_ratio: float


def costs(servers: Sequence[Server], number: int, rounds: int) -> list[Cost]:
    """Measure the servers in turns, with `number` requests in each of `rounds`, and return their costs.

    All servers are compared with the first.
    """
    for server in servers:
        server.measure(number)  # the first requests fill caches and pools
    found = [[server.measure(number) for server in servers] for _ in range(rounds)]
    return [
        Cost(
            name=server.name,
            microseconds=median(each[place][0] for each in found),
            ratio=median(each[place][0] / each[0][0] for each in found),
            per_second=median(each[place][1] for each in found),
            rate_ratio=median(each[place][1] / each[0][1] for each in found),
        )
        for place, server in enumerate(servers)
    ]
