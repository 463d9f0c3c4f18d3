"""When documents arrive in collections, seen through one change stream."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import quantiles
from typing import Any

from pymongo import MongoClient
from pymongo.collection import Collection

from workshop.bench.failed import NotMeasured

SWITCHING_SECONDS = 0.0005
"""So long at most whoever writes meanwhile, in the same process, keeps an arrival from being noted."""

Document = dict[str, Any]


def p99(lags: Sequence[float]) -> float:
    """The 99th percentile."""
    return quantiles(lags, n=100)[98]


class Arrivals(threading.Thread):
    """Notes when each of `wanted` documents is first written in every one of the collections, for at most
    `patience` seconds. One stream for all of them: each costs the server something for every write there is.
    """

    def __init__(self, collections: Sequence[Collection[Document]], wanted: int, patience: float) -> None:
        super().__init__(name="arrivals", daemon=True)
        self.times: dict[tuple[str, str], dict[str, float]] = {
            (each.database.name, each.name): {} for each in collections
        }
        """Monotonic seconds by the document's id, for each collection."""

        self.watches = threading.Event()
        self._client: MongoClient[Document] = collections[0].database.client
        self._wanted, self._patience = wanted, patience

    def last(self, name: str) -> float:
        """When the last of the collections had a document."""
        return max(times[name] for times in self.times.values())

    @property
    def are_all(self) -> bool:
        """Whether all are there."""
        return all(len(times) >= self._wanted for times in self.times.values())

    def run(self) -> None:
        """Watch."""
        deadline = time.monotonic() + self._patience
        wanted = [{"ns": {"db": database, "coll": name}} for database, name in self.times]
        seen: list[Document] = [{"$match": {"$or": wanted}}, {"$project": {"ns": 1, "documentKey": 1}}]
        with self._client.watch(seen, max_await_time_ms=200) as stream:
            self.watches.set()
            while not self.are_all and time.monotonic() < deadline:
                change = stream.try_next()
                if change is not None:
                    times = self.times[change["ns"]["db"], change["ns"]["coll"]]
                    times.setdefault(str(change["documentKey"]["_id"]), time.monotonic())


@contextmanager
def watching(collections: Sequence[Collection[Document]], wanted: int, patience: float) -> Iterator[Arrivals]:
    """Arrivals in the collections, waited for at the end of the block. Raises NotMeasured when some are
    missing by then.
    """
    watcher = Arrivals(collections, wanted, patience)
    switching = sys.getswitchinterval()
    sys.setswitchinterval(SWITCHING_SECONDS)
    try:
        watcher.start()
        watcher.watches.wait(30)
        yield watcher
        watcher.join()
    finally:
        sys.setswitchinterval(switching)
    if not watcher.are_all:
        there = ", ".join(f"{len(times)} in {database}" for (database, _), times in watcher.times.items())
        raise NotMeasured(f"Not all of {wanted} arrived: {there}.")


def write_lags(
    takers: Sequence[Collection[Document]],
    writes: int,
    rate: float,
    patience: float,
    write: Callable[[int], str],
) -> list[float]:
    """Seconds from the end of each of so many calls of `write`, at a constant `rate` a second, until the last
    of `takers` had the document whose id it gave. Raises NotMeasured when some are missing `patience`
    seconds after the last call was due.
    """
    written: dict[str, float] = {}
    with watching(takers, writes, writes / rate + patience) as arrivals:
        start = time.monotonic()
        for number in range(writes):
            time.sleep(max(0.0, start + number / rate - time.monotonic()))
            identifier = write(number)
            written[identifier] = time.monotonic()
    return [arrivals.last(known) - moment for known, moment in written.items()]
