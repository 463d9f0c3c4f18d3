"""How fast a view of step 3 is thrown away and rebuilt while the system runs, beside a bare copy.

The bare copy is one process that reads the same posts and writes the same fields into a collection with the
same indexes, with `find` and `bulk_write` and nothing between.
"""

import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient, WriteConcern

from workshop.bench.bare import copy, same_indexes
from workshop.bench.stage import await_ready, own_state, running
from workshop.load.generate import GeneratedSource
from workshop.load.loading import Loading
from workshop.state import ROOT
from workshop.stores.mongod import Mongod

STEP = 3
OWNER, VIEW = "step3_posts", "search"
PATIENCE_SECONDS = 900.0
OF_THE_POND = ("applied",)
"""Fields that only the pond itself needs."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Rebuilding:
    """Posts a second by each."""

    view: float
    bare: float


def rebuilding(count: int) -> Rebuilding:
    """Measure with `count` generated posts. Raises RuntimeError when the view does not get all of them."""
    with own_state(STEP), Mongod() as mongod:
        mongod.wait()
        with mongod.admin() as client:
            mongod.add_user(OWNER)
            Loading(GeneratedSource(count), client[OWNER]["posts"]).run()
            with running(STEP) as run:
                await_ready(STEP, run, PATIENCE_SECONDS)
                _await_all(client, count)
                bare = _bare(client, count)
                began = time.monotonic()
                command = [sys.executable, "-m", "workshop", "rebuild", "--step", str(STEP), "--empty", VIEW]
                subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
                _await_all(client, count)
                seconds = time.monotonic() - began
    return Rebuilding(count / seconds, count / bare)


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


def _await_all(client: MongoClient[Document], count: int) -> None:
    view = client[f"step3_{VIEW}"]["posts"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while view.estimated_document_count() < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"The view did not get its posts within {PATIENCE_SECONDS:.0f} s.")
        time.sleep(0.05)
