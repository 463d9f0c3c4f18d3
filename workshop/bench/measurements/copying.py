"""What synchronising costs: how fast posts reach all services, and how far copies lie behind under writes.

Step 2 runs as it always does. What it is measured against is one process that reads the same posts once and
writes the same fields into the same collections with the same indexes, over the same MongoDB, with `find` and
`bulk_write` and nothing between.
"""

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

import psutil
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from workshop.bench.arrivals import p99, write_lags
from workshop.bench.bare import copy, same_indexes
from workshop.bench.effort import Effort
from workshop.bench.failed import NotMeasured
from workshop.bench.stage import await_ready, own_state, running
from workshop.load.generate import GeneratedSource
from workshop.load.generate import posts as generated
from workshop.load.loading import Loading
from workshop.stores.mongod import Mongod

STEP = 2
OWNER = "step2_posts"
SERVICES = ("search", "recommend", "tag", "like", "hide", "share", "images")
PER_SECOND = 100
PATIENCE_SECONDS, POSTS_PER_SECOND = 300.0, 50
"""How long all posts are waited for: that long, and so much longer with many of them."""

LAST_SECONDS = 60.0

Document = dict[str, Any]
Client = MongoClient[Document]


@dataclass(frozen=True)
class Copying:
    """Posts a second by the services and by the bare copier; sync's memory after a tenth and after all
    posts, in bytes; and for each of the new posts the seconds until the last taker had it.
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


def copying(effort: Effort) -> Copying:
    """Measure. Raises NotMeasured when posts do not arrive."""
    count = effort.count
    with own_state(STEP), Mongod() as mongod:
        mongod.wait()
        with mongod.admin() as client:
            mongod.add_user(OWNER)
            Loading(GeneratedSource(count), client[OWNER]["posts"]).run()
            with running(STEP) as run:
                seconds, early, late = _watch_copies(client, count, psutil.Process(run.pid))
                await_ready(STEP, run)
                lags = _lags(client, count, effort.new_posts)
            bare = _bare(client, count)
    return Copying(count / seconds, count / bare, early, late, lags)


def _takers(client: Client) -> dict[str, Collection[Document]]:
    return {name: client[f"step2_{name}"]["posts"] for name in SERVICES}


def _watch_copies(client: Client, count: int, run: psutil.Process) -> tuple[float, int, int]:
    """Seconds from the first copy to the last, and sync's memory on the way and at the end."""
    patience = PATIENCE_SECONDS + count / POSTS_PER_SECOND
    deadline = time.monotonic() + patience
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
    raise NotMeasured(f"The posts did not arrive within {patience:.0f} s.")


def _memory_of_sync(run: psutil.Process) -> int:
    processes = [
        each for each in run.children(recursive=True) if "step2_services.sync" in " ".join(each.cmdline())
    ]
    return max(each.memory_info().rss for each in processes)


def _lags(client: Client, count: int, number: int) -> list[float]:
    """Write new posts at a constant rate, and note when the last taker has each."""
    wanted = list(generated(count + number, start=count))
    owner = client[OWNER].get_collection("posts", write_concern=WriteConcern(w="majority", j=True))

    def write(number: int) -> str:
        return str(owner.insert_one(wanted[number]).inserted_id)

    return write_lags(list(_takers(client).values()), len(wanted), PER_SECOND, LAST_SECONDS, write)


def _bare(client: Client, count: int) -> float:
    """Seconds in which one process copies `count` posts to all takers, one after another."""
    durable = WriteConcern(w="majority", j=True)
    targets = []
    for name, taker in _takers(client).items():
        found = taker.find_one() or {}
        target = client[f"bare_{name}"].get_collection("posts", write_concern=durable)
        same_indexes(taker, target)
        targets.append((target, tuple(found)))
    began = time.monotonic()
    copy(client[OWNER]["posts"], targets, count)
    return time.monotonic() - began
