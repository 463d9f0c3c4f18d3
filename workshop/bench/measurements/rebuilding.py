"""Measures how fast a view of step 3 is rebuilt from nothing while the system runs, beside a bare copy.

The bare copy is one process that reads the same posts and writes the same fields into a collection with the
same indexes, with only `find` and `bulk_write`.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient, WriteConcern

from workshop.bench.baselines.copy import copy, copy_indexes
from workshop.bench.effort import Effort
from workshop.load.generate import GeneratedSource
from workshop.load.loading import Loading
from workshop.testbed.process import NotMeasured, run
from workshop.testbed.step import RunningStep

OWNER, VIEW = "step3_posts", "search"
PONDS = ("list", "search", "recommend", "tagged", "tag", "like", "hide", "share")
TIMEOUT_SECONDS, POSTS_PER_SECOND = 300.0, 50
"""The timeout for all posts. It grows with their number."""

POND_FIELDS = ("applied",)
"""Fields that only the pond itself needs."""

Document = dict[str, Any]


@dataclass(frozen=True)
class RebuildResult:
    """Posts a second of each."""

    view: float
    bare: float


def measure_rebuilding(effort: Effort, step3: RunningStep) -> RebuildResult:
    """Measure both. Raises NotMeasured when the view does not get all posts."""
    count = effort.count
    load_posts(step3, count)
    bare = _copy_bare(step3.client, count)
    began = time.monotonic()
    run("rebuilding", [sys.executable, "-m", "workshop", "rebuild", "--step", "3", "--empty", VIEW])
    _await_posts(step3.client, [VIEW], count)
    return RebuildResult(count / (time.monotonic() - began), count / bare)


def load_posts(step3: RunningStep, count: int) -> None:
    """Load the first `count` generated posts into step 3, and wait until all ponds have them. Raises
    NotMeasured.
    """
    Loading(GeneratedSource(count), step3.client[OWNER]["posts"]).run()
    _await_posts(step3.client, PONDS, count)


def _copy_bare(client: MongoClient[Document], count: int) -> float:
    view = client[f"step3_{VIEW}"]["posts"]
    durable = WriteConcern(w="majority", j=True)
    target = client["bench_bare"].get_collection("posts", write_concern=durable)
    copy_indexes(view, target)
    fields = [name for name in view.find_one() or {} if name not in POND_FIELDS]
    began = time.monotonic()
    copy(client[OWNER]["posts"], [(target, fields)], count)
    seconds = time.monotonic() - began
    client.drop_database("bench_bare")
    return seconds


def _await_posts(client: MongoClient[Document], ponds: Sequence[str], count: int) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS + count / POSTS_PER_SECOND
    for service in ponds:
        pond = client[f"step3_{service}"]["posts"]
        while pond.estimated_document_count() < count:
            if time.monotonic() > deadline:
                raise NotMeasured(f"The pond of {service} did not get all posts in time.")
            time.sleep(0.05)
