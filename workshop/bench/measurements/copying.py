"""Measures synchronising: how fast posts reach all services, and the lag of copies under writes.

Step 2 runs as it always does. It is compared with one process that reads the same posts once and writes the
same fields into the same collections with the same indexes, over the same MongoDB, with only `find` and
`bulk_write`.
"""

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import psutil
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from workshop.bench.baselines.copy import copy, copy_indexes
from workshop.bench.effort import Effort
from workshop.bench.measurements.arrivals import p99, write_lags
from workshop.load.generate import GeneratedSource
from workshop.load.generate import posts as generated
from workshop.load.loading import Loading
from workshop.stores.mongod import Mongod
from workshop.testbed.process import NotMeasured
from workshop.testbed.step import await_ready, isolated_state, running_step

STEP = 2
OWNER = "step2_posts"
SERVICES = ("search", "recommend", "tag", "like", "hide", "share", "images")
PER_SECOND = 100
TIMEOUT_SECONDS, POSTS_PER_SECOND = 300.0, 50
"""The timeout for all posts. It grows with their number."""

LAG_TIMEOUT_SECONDS = 60.0

Document = dict[str, Any]
Client = MongoClient[Document]


@dataclass(frozen=True)
class CopyResult:
    """Posts a second by the services and by the bare copier; sync's memory in bytes after a tenth of the
    posts and after all; and for each of the new posts the seconds until the last taker had it.
    """

    services: float
    bare: float
    memory_early: int
    memory_late: int
    lags: list[float]

    @property
    def lag_median(self) -> float:
        """In seconds."""
        return median(self.lags)

    @property
    def lag_p99(self) -> float:
        """In seconds."""
        return p99(self.lags)


def measure_copying(effort: Effort) -> CopyResult:
    """Measure both. Raises NotMeasured when posts do not arrive."""
    count = effort.count
    with isolated_state(STEP), Mongod() as mongod:
        mongod.wait()
        with mongod.admin() as client:
            mongod.add_user(OWNER)
            Loading(GeneratedSource(count), client[OWNER]["posts"]).run()
            with running_step(STEP) as run:
                seconds, early, late = _time_copies(client, count, psutil.Process(run.pid))
                await_ready(STEP, run)
                lags = _measure_lags(client, count, effort.new_posts)
            bare = _copy_bare(client, count)
    return CopyResult(count / seconds, count / bare, early, late, lags)


def _takers(client: Client) -> dict[str, Collection[Document]]:
    return {name: client[f"step2_{name}"]["posts"] for name in SERVICES}


def _time_copies(client: Client, count: int, run: psutil.Process) -> tuple[float, int, int]:
    """Return the seconds from the first copy to the last, and sync's memory on the way and at the end."""
    timeout = TIMEOUT_SECONDS + count / POSTS_PER_SECOND
    deadline = time.monotonic() + timeout
    takers = _takers(client)
    began = early = 0.0
    while time.monotonic() < deadline:
        there = [taker.estimated_document_count() for taker in takers.values()]
        began = began or (time.monotonic() if sum(there) else 0.0)
        if began and not early and sum(there) > count * len(takers) / 10:
            early = _memory_of_sync(run)
        if min(there) >= count:
            return time.monotonic() - began, int(early), _memory_of_sync(run)
        time.sleep(0.02)
    raise NotMeasured(f"The posts did not arrive within {timeout:.0f} s.")


def _memory_of_sync(run: psutil.Process) -> int:
    processes = [
        each for each in run.children(recursive=True) if "step2_services.sync" in " ".join(each.cmdline())
    ]
    return max(each.memory_info().rss for each in processes)


def _measure_lags(client: Client, count: int, number: int) -> list[float]:
    """Write new posts at a constant rate, and return how long the last taker took to get each."""
    wanted = list(generated(count + number, start=count))
    owner = client[OWNER].get_collection("posts", write_concern=WriteConcern(w="majority", j=True))

    def write(number: int) -> str:
        return str(owner.insert_one(wanted[number]).inserted_id)

    return write_lags(list(_takers(client).values()), len(wanted), PER_SECOND, LAG_TIMEOUT_SECONDS, write)


def _copy_bare(client: Client, count: int) -> float:
    """Return the seconds in which one process copies `count` posts to all takers, one after another."""
    durable = WriteConcern(w="majority", j=True)
    targets = []
    for name, taker in _takers(client).items():
        found = taker.find_one() or {}
        target = client[f"bare_{name}"].get_collection("posts", write_concern=durable)
        copy_indexes(taker, target)
        targets.append((target, tuple(found)))
    began = time.monotonic()
    copy(client[OWNER]["posts"], targets, count)
    return time.monotonic() - began
