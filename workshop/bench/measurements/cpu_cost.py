"""What requests cost servers in CPU time, and how many they answer, measured while the servers take turns.

So whatever else the machine does falls on all alike; and ratios within one run mean something where absolute
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
    """A server whose `process` answers GET at `url`, in which `{word}` stands for one of WORDS."""

    name: str
    url: str
    process: psutil.Process
    connections: int = 1
    """Over which so many requests are under way at once."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with each request."""

    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.headers.update(self._sent())

    def ask(self, word: str) -> Any:
        """The answer to one request."""
        answer = self.session.get(self.url.format(word=word), timeout=30)
        answer.raise_for_status()
        return answer.json()

    def turn(self, number: int) -> tuple[float, float]:
        """CPU microseconds of one of so many requests, and how many were answered in a second."""
        began, before = time.monotonic(), self._used()
        asyncio.run(self._answers(number))
        return (self._used() - before) / number * 1e6, number / (time.monotonic() - began)

    async def _answers(self, number: int) -> None:
        numbers = iter(range(number))
        async with aiohttp.ClientSession(headers=self._sent(), raise_for_status=True) as session:

            async def one_after_another() -> None:
                for each in numbers:
                    async with session.get(self.url.format(word=WORDS[each % len(WORDS)])) as answer:
                        await answer.read()

            await asyncio.gather(*(one_after_another() for _ in range(self.connections)))

    def _sent(self) -> dict[str, str]:
        return {"Accept": "application/json", **self.headers}

    def _used(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True)
class Cost:
    """CPU microseconds a request and answers a second, and how each compares with the first server's in the
    same round; all are medians of the rounds.
    """

    name: str
    microseconds: float
    ratio: float
    per_second: float
    rate_ratio: float


def costs(servers: Sequence[Server], number: int, rounds: int) -> list[Cost]:
    """What requests cost each server, so many in each of so many rounds. The first is what the others are
    measured against.
    """
    for server in servers:
        server.turn(number)  # the first ones fill caches and pools
    found = [[server.turn(number) for server in servers] for _ in range(rounds)]
    return [
        Cost(
            server.name,
            *(
                median(each[place][0] for each in found),
                median(each[place][0] / each[0][0] for each in found),
            ),
            *(
                median(each[place][1] for each in found),
                median(each[place][1] / each[0][1] for each in found),
            ),
        )
        for place, server in enumerate(servers)
    ]
