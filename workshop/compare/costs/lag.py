"""Lag: from the acknowledgement of a new post in its owner's store until a search finds it."""

import time
from collections.abc import Callable
from typing import Any

from pymongo import WriteConcern

from workshop.compare.observations import Lag, Observation, Skipped
from workshop.compare.system.arms import Running
from workshop.compare.workload.corpus import WORD
from workshop.compare.workload.face import Face
from workshop.compare.workload.mix import search_path
from workshop.load.generate import posts as generated
from workshop.steps import read_step
from workshop.stores.mongod import Mongod

FIRST_NEW = 50_000
"""The number of the first generated post that is written: no arm has loaded it."""

TIMEOUT_SECONDS = 10.0
MOST_SECONDS = 10.0
"""After so many seconds no further post is written."""

PAUSE_SECONDS = 0.003
Document = dict[str, Any]


def measure_lag(up: Running, *, round_number: int, count: int, record: Callable[[Observation], None]) -> None:
    """Write `count` posts, one after another, or as many as there is time for, and record how long each took
    until a visitor's search found it. Raises NotMeasured.
    """
    start = FIRST_NEW + round_number * count
    visitor = Face(up.url)
    found: list[float] = []
    began = time.monotonic()
    with Mongod().admin() as client:
        durable = WriteConcern(w="majority", j=True)
        owner = client[read_step(up.step).posts].get_collection("posts", write_concern=durable)
        for post in generated(start + count, start=start):
            if time.monotonic() > began + MOST_SECONDS:
                break
            word, before = _searched(visitor, post["title"])
            owner.insert_one(post)
            written = time.monotonic()
            while _total(visitor, word) == before:
                if time.monotonic() > written + TIMEOUT_SECONDS:
                    reason = f"After {TIMEOUT_SECONDS:.0f} s a search for {word} did not find a new post."
                    record(Skipped("lag", up.arm, reason))
                    return
                time.sleep(PAUSE_SECONDS)
            found.append(time.monotonic() - written)
    record(Lag(round_number, up.arm, "a new post in a visitor's search", found))


def _searched(visitor: Face, title: str) -> tuple[str, int]:
    """Return the longest word of a title that a search finds, and how many posts it finds: the index leaves
    out words such as "cannot".
    """
    words = sorted({*WORD.findall(title.lower())}, key=lambda word: (-len(word), word))
    for word in words:
        if found := _total(visitor, word):
            return word, found
    return words[0], 0


def _total(visitor: Face, word: str) -> int:
    """Return how many posts a visitor's search finds. Raises NotMeasured."""
    return int(visitor.request("GET", f"{search_path(word)}&max_results=1")["_meta"]["total"])
