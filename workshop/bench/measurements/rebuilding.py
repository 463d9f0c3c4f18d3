"""How fast a view of step 3 is thrown away and rebuilt while the system runs, beside a bare copy.

The bare copy is one process that reads the same posts and writes the same fields into a collection with the
same indexes, with `find` and `bulk_write` and nothing between.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient, WriteConcern

from workshop.bench.bare import copy, same_indexes
from workshop.bench.effort import Effort
from workshop.bench.failed import NotMeasured
from workshop.bench.process import run
from workshop.bench.stage import Stage
from workshop.load.generate import GeneratedSource
from workshop.load.loading import Loading

OWNER, VIEW = "step3_posts", "search"
TAKERS = ("list", "search", "recommend", "tagged", "tag", "like", "hide", "share")
PATIENCE_SECONDS, POSTS_PER_SECOND = 300.0, 50
"""How long all posts are waited for: that long, and so much longer with many of them."""

OF_THE_POND = ("applied",)
"""Fields that only the pond itself needs."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Rebuilding:
    """Posts a second by each."""

    view: float
    bare: float


def rebuilding(effort: Effort, stage: Stage) -> Rebuilding:
    """Measure. Raises NotMeasured when the view does not get all posts."""
    count = effort.count
    load_posts(stage, count)
    bare = _bare(stage.client, count)
    began = time.monotonic()
    run("rebuilding", [sys.executable, "-m", "workshop", "rebuild", "--step", "3", "--empty", VIEW])
    _await_all(stage.client, [VIEW], count)
    return Rebuilding(count / (time.monotonic() - began), count / bare)


def load_posts(stage: Stage, count: int) -> None:
    """Have the first `count` generated posts in step 3, in all ponds. Raises NotMeasured."""
    Loading(GeneratedSource(count), stage.client[OWNER]["posts"]).run()
    _await_all(stage.client, TAKERS, count)


def _bare(client: MongoClient[Document], count: int) -> float:
    view = client[f"step3_{VIEW}"]["posts"]
    durable = WriteConcern(w="majority", j=True)
    target = client["bench_bare"].get_collection("posts", write_concern=durable)
    same_indexes(view, target)
    fields = [name for name in view.find_one() or {} if name not in OF_THE_POND]
    began = time.monotonic()
    copy(client[OWNER]["posts"], [(target, fields)], count)
    seconds = time.monotonic() - began
    client.drop_database("bench_bare")
    return seconds


def _await_all(client: MongoClient[Document], takers: Sequence[str], count: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS + count / POSTS_PER_SECOND
    for taker in takers:
        pond = client[f"step3_{taker}"]["posts"]
        while pond.estimated_document_count() < count:
            if time.monotonic() > deadline:
                raise NotMeasured(f"The pond of {taker} did not get its posts in time.")
            time.sleep(0.05)
