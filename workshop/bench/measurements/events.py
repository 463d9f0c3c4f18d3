"""Measures how long after the acknowledgement of a write every pond of step 3 shows it, beside a baseline.

The baseline is a bare change stream, JetStream and one `bulk_write` (`workshop.bench.baselines.events`), over
the same MongoDB and the same NATS server, with step 3 up and idle: once with one pond to fill, and once with
as many as step 3 fills, with a process for each. The same writer writes to all in turns at a constant rate,
as an owner of marks does. Change streams show what has arrived.
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

from workshop.bench.baselines.events import COLLECTION, SOURCE, TARGET
from workshop.bench.effort import Effort
from workshop.bench.measurements.arrivals import p99, write_lags
from workshop.stores.mongod import Mongod
from workshop.stores.nats import NatsServer
from workshop.testbed.process import started
from workshop.testbed.step import RunningStep

OWNER = "step3_hide"
PONDS = ("list", "search", "recommend", "tagged")
"""The views that get what readers hide."""

TIMEOUT_SECONDS = 60.0

Document = dict[str, Any]
Marks = Collection[Document]


@dataclass
class Pipeline:
    """A pipeline from writes to `owner` to its `ponds`, filled by so many `baselines`, if by any; and its
    results: `lags`, the seconds from the acknowledgement of each write until the last pond had it, and
    `busy`, how busy the machine's processors were in each turn, in percent.
    """

    name: str
    owner: Marks
    ponds: list[Marks]
    baselines: int = 0
    lags: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Seconds, of all writes."""
        return median(self.lags)

    @property
    def p99(self) -> float:
        """Seconds, the 99th percentile of all writes."""
        return p99(self.lags)


def measure_event_lags(effort: Effort, step3: RunningStep) -> dict[int, list[Pipeline]]:
    """Return the results by rate. The first pipeline is the baseline. Raises NotMeasured when writes do not
    arrive.
    """
    step3.client[SOURCE].create_collection(COLLECTION)
    return {rate: _measure_rate(rate, effort, step3) for rate in effort.rates}


def _measure_rate(rate: int, effort: Effort, step3: RunningStep) -> list[Pipeline]:
    pipelines = _pipelines(step3.client)
    for turn in range(effort.turns):
        for pipeline in pipelines:
            name = f"{rate}_{turn}_{pipeline.baselines}"
            with _baseline_processes(step3.mongod, pipeline.baselines):
                _measure_lags(pipeline.owner, pipeline.ponds, f"warming_{name}", rate, effort.warm_up)
                psutil.cpu_percent()  # the next call measures from this one
                lags = _measure_lags(pipeline.owner, pipeline.ponds, name, rate, effort.seconds)
                pipeline.lags.extend(lags)
                pipeline.busy.append(psutil.cpu_percent())
    return pipelines


def _pipelines(client: MongoClient[Document]) -> list[Pipeline]:
    count = len(PONDS)
    source = client[SOURCE][COLLECTION]
    targets = [client[f"{TARGET}{number}"][COLLECTION] for number in range(count)]
    ponds = [client[f"step3_{name}"]["marks"] for name in PONDS]
    return [
        Pipeline("a change stream, JetStream, one bulk_write", source, targets[:1], 1),
        Pipeline(f"the same for {count} ponds", source, targets, count),
        Pipeline("every pond of step 3", client[OWNER]["marks"], ponds),
    ]


def _measure_lags(owner: Marks, ponds: Sequence[Marks], name: str, rate: int, seconds: float) -> list[float]:
    durable = owner.with_options(write_concern=WriteConcern(w="majority", j=True))

    def write(number: int) -> str:
        identifier = f"bench_{name}:t3_{number}"
        _hide(durable, identifier)
        return identifier

    return write_lags(ponds, round(rate * seconds), rate, TIMEOUT_SECONDS, write)


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
def _baseline_processes(mongod: Mongod, count: int) -> Iterator[None]:
    """Run processes of the baseline that fill so many ponds inside the block."""
    env = {"MONGODB_URI": mongod.admin_uri(), "NATS_URL": NatsServer().url("admin")}
    with ExitStack() as stack:
        for number in range(count):
            command = [sys.executable, "-m", "workshop.bench.baselines.events", str(number)]
            baseline = stack.enter_context(started(f"baseline {number}", command, env))
            baseline.await_line()
        yield
