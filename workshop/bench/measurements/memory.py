"""Measures the memory of running steps: the proportional set size (PSS) of all their processes."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from workshop.bench.effort import Effort
from workshop.local_http import request
from workshop.steps import read_step
from workshop.testbed.step import await_ready, isolated_state, running_step
from workshop.testbed.usage import memory, tree

SETTLING_SECONDS = 5.0
"""How long a step may finish what it does after it is ready."""

READER = {"username": "bench_reader", "password": "a long enough one"}
JSON = {"Accept": "application/json"}
PATHS = ("/search?q=python", "/", "/recommended", "/tags", "/likes")


@dataclass(frozen=True)
class Memory:
    """Bytes by program, at rest and after the requests of a signed-in reader, and the number of processes."""

    step: int
    processes: Mapping[str, int]
    at_rest: Mapping[str, int]
    after_requests: Mapping[str, int]


def measure_memory(effort: Effort, steps: list[int]) -> list[Memory]:
    """Measure each step with the bundled posts, just after they were loaded. Raises NotMeasured."""
    return [_measure(step, effort.reader_requests) for step in steps]


def _measure(step: int, count: int) -> Memory:
    with isolated_state(step), running_step(step, bundled=True) as run:
        await_ready(step, run)
        time.sleep(SETTLING_SECONDS)
        at_rest = memory(tree(run.pid))
        _read(read_step(step).url, count)
        after = memory(tree(run.pid))
    programs = Counter(name for name, _ in at_rest)
    return Memory(step, programs, _sums(at_rest), _sums(after))


def _read(url: str, count: int) -> None:
    """Sign up a reader, and send `count` requests of theirs one after another."""
    for path in ("/signup", "/login"):
        response = request(url + path, method="POST", json=READER, headers=JSON, timeout=30)
        response.raise_for_status()
    headers = {**JSON, "Authorization": f"Bearer {response.json()['token']}"}
    for number in range(count):
        response = request(url + PATHS[number % len(PATHS)], headers=headers, timeout=30)
        response.raise_for_status()


def _sums(found: list[tuple[str, int]]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for name, size in found:
        sums[name] += size
    return dict(sums.most_common())
