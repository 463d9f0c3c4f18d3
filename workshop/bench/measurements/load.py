"""Measures the loader against a bare `insert_many` loop over ready-made documents.

`python -m workshop.bench.measurements.load COUNT` loads so many posts into the database that MONGODB_URI
names, and prints the highest memory use in bytes.
"""

import os
import resource
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from pymongo.collection import Collection

from workshop.bench.effort import FULL
from workshop.load.generate import GeneratedSource, posts
from workshop.load.loading import BATCH, Loading
from workshop.testbed.database import scratch_collection
from workshop.testbed.process import NotMeasured, run

Posts = Collection[dict[str, Any]]


def load_ratio(uri: str, count: int = 100_000, rounds: int = FULL.load_rounds) -> dict[str, float]:
    """Return the documents a second of both, with and without the monolith's text index, and the loader's
    memory.

    `uri` is the address of a database, in which nothing is left. In each round the two take turns at `count`
    documents, with the index at a tenth of them, as that is so much slower.

    Returns, for the settings `plain` and `text_index`, `<setting>_bare_docs_s`, `<setting>_loader_docs_s` and
    `<setting>_ratio` (loader / bare), each the median over the rounds, and `loader_peak_rss_mb`: the highest
    resident memory in MiB of a process of its own that loads `count` posts. Raises NotMeasured when the
    loader loses posts.
    """
    numbers: dict[str, float] = {}
    for setting, size in (("plain", count), ("text_index", max(count // 10, 1))):
        rates = [(_bare(uri, setting, size), _loader(uri, setting, size)) for _ in range(rounds)]
        numbers[f"{setting}_bare_docs_s"] = median(bare for bare, _ in rates)
        numbers[f"{setting}_loader_docs_s"] = median(loader for _, loader in rates)
        numbers[f"{setting}_ratio"] = median(loader / bare for bare, loader in rates)
    peak = run(
        "loader", [sys.executable, "-m", "workshop.bench.measurements.load", str(count)], {"MONGODB_URI": uri}
    )
    return numbers | {"loader_peak_rss_mb": int(peak.split()[-1]) / 2**20}


def _prepare(collection: Posts, setting: str) -> None:
    if setting == "text_index":
        collection.create_index([("title", "text"), ("text", "text")], weights={"title": 3, "text": 1})
    else:
        collection.database.create_collection(collection.name)


def _bare(uri: str, setting: str, count: int) -> float:
    with scratch_collection(uri) as collection:
        _prepare(collection, setting)
        documents = list(posts(count))
        began = perf_counter()
        for first in range(0, count, BATCH):
            collection.insert_many(documents[first : first + BATCH], ordered=False)
        return count / (perf_counter() - began)


def _loader(uri: str, setting: str, count: int) -> float:
    with scratch_collection(uri) as collection:
        _prepare(collection, setting)
        began = perf_counter()
        tally = Loading(GeneratedSource(count), collection).run()
        seconds = perf_counter() - began
    if tally.new != count:
        raise NotMeasured(f"The loader wrote {tally.new:,} of {count:,} posts.")
    return count / seconds


def high_water() -> int:
    """Return the highest memory use in bytes. Linux counts it for the program alone; its getrusage includes
    the process that started it.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Load posts and print the memory use."""
    with scratch_collection(os.environ["MONGODB_URI"]) as collection:
        Loading(GeneratedSource(int(sys.argv[1])), collection).run()
    print(high_water())


if __name__ == "__main__":
    main()
