"""Measures when documents arrive in collections, with one change stream."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import quantiles
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from workshop.testbed.process import NotMeasured

SWITCH_SECONDS = 0.0005
"""The longest time that the writing thread of this process may delay the recording of an arrival."""

Document = dict[str, Any]


def p99(lags: Sequence[float]) -> float:
    """Return the 99th percentile."""
    return quantiles(lags, n=100)[98]


class Arrivals(threading.Thread):
    """Records when each of `expected` documents is first written in each of the collections, for at most
    `timeout` seconds.

    There is one stream for all of them, as each costs the server something for every write.
    """

    def __init__(self, collections: Sequence[Collection[Document]], expected: int, timeout: float) -> None:
        super().__init__(name="arrivals", daemon=True)
        self.times: dict[tuple[str, str], dict[str, float]] = {
            (each.database.name, each.name): {} for each in collections
        }
        """Monotonic seconds by the document's id, for each collection."""

        self.is_watching = threading.Event()
        self._client: MongoClient[Document] = collections[0].database.client
        self._expected, self._timeout = expected, timeout

    def last(self, name: str) -> float:
        """Return when the last of the collections had a document."""
        return max(times[name] for times in self.times.values())

    @property
    def is_complete(self) -> bool:
        """Whether all documents have arrived."""
        return all(len(times) >= self._expected for times in self.times.values())

    def run(self) -> None:
        """Record arrivals until all are there."""
        deadline = time.monotonic() + self._timeout
        namespaces = [{"ns": {"db": database, "coll": name}} for database, name in self.times]
        pipeline: list[Document] = [
            {"$match": {"$or": namespaces}},
            {"$project": {"ns": 1, "documentKey": 1}},
        ]
        with self._client.watch(pipeline, max_await_time_ms=200) as stream:
            self.is_watching.set()
            while not self.is_complete and time.monotonic() < deadline:
                change = stream.try_next()
                if change is not None:
                    times = self.times[change["ns"]["db"], change["ns"]["coll"]]
                    times.setdefault(str(change["documentKey"]["_id"]), time.monotonic())


@contextmanager
def watch_arrivals(
    collections: Sequence[Collection[Document]], expected: int, timeout: float
) -> Iterator[Arrivals]:
    """Yield the arrivals in the collections, and wait for all of them at the end of the block. Raises
    NotMeasured when some are missing by then.
    """
    watcher = Arrivals(collections, expected, timeout)
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        watcher.start()
        watcher.is_watching.wait(30)
        yield watcher
        watcher.join()
    finally:
        sys.setswitchinterval(switch_interval)
    if not watcher.is_complete:
        there = ", ".join(f"{len(times)} in {database}" for (database, _), times in watcher.times.items())
        raise NotMeasured(f"Not all of {expected} arrived: {there}.")


def write_lags(
    targets: Sequence[Collection[Document]],
    writes: int,
    rate: float,
    timeout: float,
    write: Callable[[int], str],
) -> list[float]:
    """Call `write` so many times at a constant `rate` a second. Return the seconds from the end of each call
    until the last of `targets` had the document whose id it returned.

    Raises NotMeasured when some are missing `timeout` seconds after the last call was due.
    """
    written: dict[str, float] = {}
    with watch_arrivals(targets, writes, writes / rate + timeout) as arrivals:
        start = time.monotonic()
        for number in range(writes):
            time.sleep(max(0.0, start + number / rate - time.monotonic()))
            identifier = write(number)
            written[identifier] = time.monotonic()
    return [arrivals.last(known) - moment for known, moment in written.items()]
