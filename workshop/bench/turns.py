"""What requests cost servers in CPU time, measured while the servers take turns.

So whatever else the machine does falls on all alike; and ratios within one run mean something where absolute
numbers do not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import psutil
import requests

ROUNDS = 9
REQUESTS = 120
"""Requests of one server in one round: enough for the clock that counts CPU time in hundredths."""

WORDS = ("python", "cache", "service", "server", "query", "test")


@dataclass
class Server:
    """A server whose `process` answers GET at `url`, in which `{word}` stands for one of WORDS."""

    name: str
    url: str
    process: psutil.Process
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False
        self.session.headers["Accept"] = "application/json"

    def ask(self, word: str) -> Any:
        """The answer to one request."""
        answer = self.session.get(self.url.format(word=word), timeout=30)
        answer.raise_for_status()
        return answer.json()

    def cost(self, number: int) -> float:
        """CPU microseconds of one of so many requests."""
        before = self._used()
        for each in range(number):
            self.ask(WORDS[each % len(WORDS)])
        return (self._used() - before) / number * 1e6

    def _used(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


@dataclass(frozen=True)
class Cost:
    """CPU microseconds a request, and by how much that is more than the first server's in the same round;
    both medians of all rounds.
    """

    name: str
    microseconds: float
    ratio: float


def costs(servers: Sequence[Server], number: int = REQUESTS, rounds: int = ROUNDS) -> list[Cost]:
    """What requests cost each server, the first of which is what the others are measured against."""
    for server in servers:
        server.cost(number)  # the first ones fill caches and pools
    found = [[server.cost(number) for server in servers] for _ in range(rounds)]
    return [
        Cost(
            server.name,
            median(each[place] for each in found),
            median(each[place] / each[0] for each in found),
        )
        for place, server in enumerate(servers)
    ]
