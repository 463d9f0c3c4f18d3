"""How long after a write was acknowledged every pond of step 3 shows it, beside the floor.

The floor is a bare change stream, JetStream and one `bulk_write` (`workshop.bench.floor`), over the same
MongoDB and the same NATS server, with step 3 up and idle: once with one pond to fill, and once with as many
as step 3 fills, by a process each. The same writer writes to all in turns, at a constant rate, the way an
owner of marks writes; what has arrived is seen through change streams.
"""

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
from workshop.bench.effort import Effort
from workshop.bench.floor import COLLECTION, SOURCE, TARGET
from workshop.bench.process import started
from workshop.bench.stage import Stage
from workshop.stores.mongod import Mongod
from workshop.stores.nats import NatsServer

OWNER = "step3_hide"
PONDS = ("list", "search", "recommend", "tagged")
"""Who takes what readers hide."""

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


def event_lags(effort: Effort, stage: Stage) -> dict[int, list[Way]]:
    """Measure step 3, by rate; the first way is the floor. Raises NotMeasured when writes do not arrive."""
    stage.client[SOURCE].create_collection(COLLECTION)
    return {rate: _at(rate, effort, stage) for rate in effort.rates}


def _at(rate: int, effort: Effort, stage: Stage) -> list[Way]:
    ways = _ways(stage.client)
    for turn in range(effort.turns):
        for way in ways:
            name = f"{rate}_{turn}_{way.floors}"
            with _floors(stage.mongod, way.floors):
                _lags(way.owner, way.takers, f"warming_{name}", rate, effort.warming)
                psutil.cpu_percent()  # the next call tells of the time since this one
                way.lags.extend(_lags(way.owner, way.takers, name, rate, effort.seconds))
                way.busy.append(psutil.cpu_percent())
    return ways


def _ways(client: MongoClient[Document]) -> list[Way]:
    count = len(PONDS)
    source = client[SOURCE][COLLECTION]
    targets = [client[f"{TARGET}{number}"][COLLECTION] for number in range(count)]
    ponds = [client[f"step3_{name}"]["marks"] for name in PONDS]
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
    env = {"MONGODB_URI": mongod.admin_uri(), "NATS_URL": NatsServer().url("admin")}
    with ExitStack() as stack:
        for number in range(count):
            command = [sys.executable, "-m", "workshop.bench.floor", str(number)]
            floor = stack.enter_context(started(f"floor {number}", command, env))
            floor.await_line()
        yield
