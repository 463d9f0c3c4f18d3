"""How long after a write was acknowledged every pond of step 3 shows it, beside the floor.

The floor is a bare change stream, JetStream and one `bulk_write` (`workshop.bench.floor`), over the same
MongoDB and the same NATS server, with step 3 up and idle: once with one pond to fill, and once with as many
as step 3 fills, by a process each. The same writer writes to all in turns, at a constant rate, the way an
owner of marks writes; what has arrived is seen through change streams.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import psutil
from pymongo import MongoClient, WriteConcern
from pymongo.collection import Collection

from workshop.bench.arrivals import p99, write_lags
from workshop.bench.floor import COLLECTION, SOURCE, TARGET
from workshop.bench.stage import await_ready, own_state, running
from workshop.state import ROOT
from workshop.stores.mongod import Mongod
from workshop.stores.nats import NatsServer

STEP = 3
OWNER = "step3_hide"
PONDS = ("list", "search", "recommend", "tagged")
"""Who takes what readers hide."""

RATES = (50, 200)
"""Writes a second."""

SECONDS = 5.0
"""Of one turn."""

TURNS = 3
WARMING_SECONDS = 2.0
PATIENCE_SECONDS = 60.0

Document = dict[str, Any]
Marks = Collection[Document]


@dataclass
class Way:
    """A way from writes to `owner` to the ponds that are its `takers`, filled by so many `floors`, if by any;
    and what was found of it: `lags`, seconds from the acknowledgement of each write until the last pond had
    it; and `busy`, of each turn how busy the machine's processors were, in percent.
    """

    name: str
    owner: Marks
    takers: list[Marks]
    floors: int = 0
    lags: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Seconds, of all writes."""
        return median(self.lags)

    @property
    def p99(self) -> float:
        """Seconds: the 99th percentile of all writes."""
        return p99(self.lags)


def event_lags() -> dict[int, list[Way]]:
    """Measure, by rate; the first way is the floor. Raises RuntimeError when writes do not arrive."""
    with own_state(STEP), Mongod() as mongod, running(STEP) as run:
        mongod.wait()
        await_ready(STEP, run)
        with mongod.admin() as client:
            client[SOURCE].create_collection(COLLECTION)
            return {rate: _at(rate, client, mongod) for rate in RATES}


def _at(rate: int, client: MongoClient[Document], mongod: Mongod) -> list[Way]:
    ways = _ways(client)
    for turn in range(TURNS):
        for way in ways:
            name = f"{rate}_{turn}_{way.floors}"
            with _floors(mongod, way.floors):
                _lags(way.owner, way.takers, f"warming_{name}", rate, WARMING_SECONDS)
                psutil.cpu_percent()  # the next call tells of the time since this one
                way.lags.extend(_lags(way.owner, way.takers, name, rate, SECONDS))
                way.busy.append(psutil.cpu_percent())
    return ways


def _ways(client: MongoClient[Document]) -> list[Way]:
    count = len(PONDS)
    source = client[SOURCE][COLLECTION]
    targets = [client[f"{TARGET}{number}"][COLLECTION] for number in range(count)]
    ponds = [client[f"step{STEP}_{name}"]["marks"] for name in PONDS]
    return [
        Way("a change stream, JetStream, one bulk_write", source, targets[:1], 1),
        Way(f"the same for {count} ponds", source, targets, count),
        Way("every pond of step 3", client[OWNER]["marks"], ponds),
    ]


def _lags(owner: Marks, takers: Sequence[Marks], name: str, rate: int, seconds: float) -> list[float]:
    durable = owner.with_options(write_concern=WriteConcern(w="majority", j=True))

    def write(number: int) -> str:
        identifier = f"bench_{name}:t3_{number}"
        _hide(durable, identifier)
        return identifier

    return write_lags(takers, round(rate * seconds), rate, PATIENCE_SECONDS, write)


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
def _floors(mongod: Mongod, count: int) -> Iterator[None]:
    """Inside the block the floor fills so many ponds."""
    env = {**os.environ, "MONGODB_URI": mongod.admin_uri(), "NATS_URL": NatsServer().url("admin")}
    with ExitStack() as started:
        for number in range(count):
            started.enter_context(_process(env, number))
        yield


@contextmanager
def _process(env: dict[str, str], number: int) -> Iterator[None]:
    command = [sys.executable, "-m", "workshop.bench.floor", str(number)]
    with subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError("The floor did not start.")
            yield
        finally:
            process.terminate()
