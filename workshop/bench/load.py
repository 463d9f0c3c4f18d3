"""What the loader costs: its whole way against a bare `insert_many` loop over ready-made documents."""

import multiprocessing
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from pymongo.collection import Collection

from workshop.load.generate import GeneratedSource, posts
from workshop.load.loading import BATCH, Loading

ROUNDS = 3

Posts = Collection[dict[str, Any]]
Factory = Callable[[], Posts]


def load_ratio(collection_factory: Factory, count: int = 100_000) -> dict[str, float]:
    """Documents a second of both, with and without the monolith's text index, and the loader's memory.

    `collection_factory` gives an empty collection of a new name each time it is called, which is dropped
    after use; it must be picklable, as memory is measured in a process of its own. In each of ROUNDS rounds
    the two take turns at `count` documents, with the index at a tenth of them, as it takes so much longer.

    Returns, for the settings `plain` and `text_index`, `<setting>_bare_docs_s`, `<setting>_loader_docs_s` and
    `<setting>_ratio` (loader / bare), each the median over the rounds, and `loader_peak_rss_mb`: resident
    memory in MiB, at its highest while `count` posts are loaded.
    """
    numbers: dict[str, float] = {}
    for setting, size in (("plain", count), ("text_index", max(count // 10, 1))):
        rounds = [
            (_bare(collection_factory, setting, size), _loader(collection_factory, setting, size))
            for _ in range(ROUNDS)
        ]
        numbers[f"{setting}_bare_docs_s"] = median(bare for bare, _ in rounds)
        numbers[f"{setting}_loader_docs_s"] = median(loader for _, loader in rounds)
        numbers[f"{setting}_ratio"] = median(loader / bare for bare, loader in rounds)
    return numbers | {"loader_peak_rss_mb": peak_memory(collection_factory, count)}


def _empty(collection_factory: Factory, setting: str) -> Posts:
    collection = collection_factory()
    if setting == "text_index":
        collection.create_index([("title", "text"), ("text", "text")], weights={"title": 3, "text": 1})
    else:
        collection.database.create_collection(collection.name)
    return collection


def _bare(collection_factory: Factory, setting: str, count: int) -> float:
    collection = _empty(collection_factory, setting)
    documents = list(posts(count))
    began = perf_counter()
    for first in range(0, count, BATCH):
        collection.insert_many(documents[first : first + BATCH], ordered=False)
    seconds = perf_counter() - began
    collection.drop()
    return count / seconds


def _loader(collection_factory: Factory, setting: str, count: int) -> float:
    collection = _empty(collection_factory, setting)
    began = perf_counter()
    tally = Loading(GeneratedSource(count), collection).run()
    seconds = perf_counter() - began
    if tally.new != count:
        raise RuntimeError(f"The loader wrote {tally.new:,} of {count:,} posts.")
    collection.drop()
    return count / seconds


def peak_memory(collection_factory: Factory, count: int) -> float:
    """Resident memory in MiB of a process that loads `count` posts, at its highest."""
    processes = multiprocessing.get_context("spawn")
    with processes.Pool(1) as pool:
        return pool.apply(_measured, (collection_factory, count))


def _measured(collection_factory: Factory, count: int) -> float:
    collection = collection_factory()
    Loading(GeneratedSource(count), collection).run()
    collection.drop()
    return high_water() / 2**20


def high_water() -> int:
    """Bytes. Linux counts them for the program alone; its getrusage includes the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
