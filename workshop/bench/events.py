"""How long after a write was acknowledged every pond of step 3 shows it, beside the floor.

The floor is a bare change stream, JetStream and one `bulk_write` (`workshop.bench.floor`), over the same
MongoDB and the same NATS server, with step 3 up and idle. The same writer writes to both in turns, at a
constant rate, the way an owner of marks writes; what has arrived is seen through change streams.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

import psutil
from pymongo import WriteConcern
from pymongo.collection import Collection

from workshop.bench.arrivals import watching
from workshop.bench.floor import COLLECTION, SOURCE, TARGET
from workshop.bench.stage import await_ready, own_state, running
from workshop.state import ROOT
from workshop.stores.mongod import Mongod
from workshop.stores.nats import NatsServer

STEP = 3
OWNER = "step3_hide"
PONDS = ("list", "search", "recommend", "tagged")
"""Who takes what readers hide."""

PER_SECOND = 200
WRITES = 1000
"""Of one turn."""

TURNS = 3
WARMING = 400
PATIENCE_SECONDS = 60.0

Document = dict[str, Any]
Marks = Collection[Document]


@dataclass(frozen=True)
class Lags:
    """Seconds from the acknowledgement of each write until the last collection had it; and of each turn how
    busy the machine's processors were meanwhile, in percent.
    """

    floor: list[float] = field(default_factory=list)
    ponds: list[float] = field(default_factory=list)
    floor_busy: list[float] = field(default_factory=list)
    ponds_busy: list[float] = field(default_factory=list)

    def ratios(self) -> tuple[float, float]:
        """The ponds' median and 99th percentile by the floor's."""
        return median(self.ponds) / median(self.floor), p99(self.ponds) / p99(self.floor)


def p99(lags: Sequence[float]) -> float:
    """The 99th percentile."""
    return quantiles(lags, n=100)[98]


def event_lags() -> Lags:
    """Measure. Raises RuntimeError when writes do not arrive."""
    found = Lags()
    with own_state(STEP), Mongod() as mongod, running(STEP):
        mongod.wait()
        await_ready(STEP)
        with mongod.admin() as client:
            source, target = client[SOURCE][COLLECTION], client[TARGET][COLLECTION]
            owner, ponds = client[OWNER]["marks"], [client[f"step3_{name}"]["marks"] for name in PONDS]
            client[SOURCE].create_collection(COLLECTION)
            _turn(owner, ponds, "warming", WARMING)
            for turn in range(TURNS):
                with _floor(mongod):
                    _turn(source, [target], f"warming{turn}", WARMING)
                    psutil.cpu_percent()  # the next call tells of the time since this one
                    found.floor.extend(_turn(source, [target], f"turn{turn}", WRITES))
                    found.floor_busy.append(psutil.cpu_percent())
                psutil.cpu_percent()
                found.ponds.extend(_turn(owner, ponds, f"turn{turn}", WRITES))
                found.ponds_busy.append(psutil.cpu_percent())
    return found


def _turn(owner: Marks, takers: Sequence[Marks], name: str, writes: int) -> list[float]:
    durable = owner.with_options(write_concern=WriteConcern(w="majority", j=True))
    written: dict[str, float] = {}
    with watching(takers, writes, writes / PER_SECOND + PATIENCE_SECONDS) as arrivals:
        start = time.monotonic()
        for number in range(writes):
            time.sleep(max(0.0, start + number / PER_SECOND - time.monotonic()))
            identifier = f"bench_{name}:t3_{number}"
            _hide(durable, identifier)
            written[identifier] = time.monotonic()
    return [arrivals.last(known) - moment for known, moment in written.items()]


def _hide(marks: Marks, identifier: str) -> None:
    reader, _, post = identifier.partition(":")
    marks.find_one_and_update(
        {"_id": identifier},
        {
            "$set": {"hidden": True},
            "$inc": {"revision": 1},
            "$setOnInsert": {"reader": reader, "post": post, "topic": "bench"},
            "$currentDate": {"at": True},
        },
        upsert=True,
    )


@contextmanager
def _floor(mongod: Mongod) -> Iterator[None]:
    env = {**os.environ, "MONGODB_URI": mongod.admin_uri(), "NATS_URL": NatsServer().url("admin")}
    command = [sys.executable, "-m", "workshop.bench.floor"]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError("The floor did not start.")
            yield
        finally:
            process.terminate()
