"""The figures of each measurement: tables, lines below them, and what the texts promise of them.

Modules that measure are imported only when they are needed, as that takes a while.
"""

import os
import sys
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from workshop.bench.effort import Effort
from workshop.bench.promises import Promise, table_of

if TYPE_CHECKING:
    from rich.table import Table

    from workshop.bench.measurements.cpu_cost import Cost
    from workshop.testbed.step import Testbed

Figures = list["Table | str | Promise"]

MEASURED_STEPS = [0, 1, 2, 3]
READ_POSTS = 20_000
DECISION_6 = "docs/decisions/0006"
PROMISED_READS = ("step 1's Eve API", "step 2's service search")
PROMISED_MEGABYTES = {2: 1000.0, 3: 1200.0}
PROMISED_EVENTS = {50: 3.0, 200: 9.0}
"""How many times as long as in one bare pond an event takes to every pond of step 3, by writes a second."""

PIPE_COLUMNS = 200
"""The width of a table that is not printed on a terminal: in a file, wrapped cells would be hard to read."""


def loading(effort: Effort, _testbed: "Testbed") -> Figures:
    """Compare the loader with a bare insert_many loop."""
    from workshop.bench.measurements.load import load_ratio  # noqa: PLC0415
    from workshop.testbed.database import scratch_database  # noqa: PLC0415

    with scratch_database() as uri:
        numbers = load_ratio(uri, effort.count, effort.load_rounds)
    rows = []
    for setting, shown in (("plain", "without indexes"), ("text_index", "with the text index")):
        rates = [f"{numbers[f'{setting}_{who}_docs_s']:,.0f}" for who in ("bare", "loader")]
        rows.append([shown, *rates, f"{numbers[f'{setting}_ratio']:.2f}"])
    columns = ["collection", "bare insert_many", "workshop load", "ratio"]
    return [
        _table("Loading, posts a second", columns, rows),
        f"The loader's memory at its highest: {numbers['loader_peak_rss_mb']:.0f} MiB.",
    ]


def reads(effort: Effort, _testbed: "Testbed") -> Figures:
    """Compare Eve's responses with those of hand-written servers."""
    from workshop.bench.measurements.reads import measure_reads  # noqa: PLC0415
    from workshop.testbed.database import scratch_posts  # noqa: PLC0415

    with scratch_posts() as (posts, uri):
        found = measure_reads(posts, uri, min(effort.count, READ_POSTS), effort)
    ratios = {each.name: each.ratio for each in found}
    return [
        _costs("Reading: CPU time of the server's process, and responses over one connection", found),
        *(
            Promise(f"CPU of a page by {name}, beside hand-written Flask", 1.2, ratios[name], "kit/README.md")
            for name in PROMISED_READS
        ),
    ]


def memory(effort: Effort, _testbed: "Testbed") -> Figures:
    """Show the memory of each step."""
    from workshop.bench.measurements.memory import measure_memory  # noqa: PLC0415

    figures: Figures = []
    for found in measure_memory(effort, MEASURED_STEPS):
        rows = [
            [
                name,
                str(found.processes[name]),
                _megabytes(size),
                _megabytes(found.after_requests.get(name, 0)),
            ]
            for name, size in found.at_rest.items()
        ]
        sizes = (sum(each.values()) for each in (found.at_rest, found.after_requests))
        rows.append(["all", str(sum(found.processes.values())), *map(_megabytes, sizes)])
        columns = ["program", "processes", "MB at rest", f"MB after {effort.reader_requests:,} requests"]
        figures.append(_table(f"Memory (PSS) of step {found.step} with the bundled posts", columns, rows))
        if promised := PROMISED_MEGABYTES.get(found.step):
            measured = sum(found.at_rest.values()) / 1e6
            where = "docs/decisions/0015"
            figures.append(Promise(f"memory of step {found.step} at rest", promised, measured, where, "MB"))
    return figures


def copying(effort: Effort, _testbed: "Testbed") -> Figures:
    """Compare step 2's sync with a bare copy."""
    from workshop.bench.measurements.copying import PER_SECOND, measure_copying  # noqa: PLC0415

    found = measure_copying(effort)
    early, late = found.memory_early / 2**20, found.memory_late / 2**20
    return [
        _rates(
            "Copying, posts a second that have reached all takers",
            [
                ("one process, find and bulk_write", found.bare),
                ("the services, through sync", found.services),
            ],
        ),
        f"Memory of sync after a tenth of the posts {early:.0f} MiB, after all {late:.0f} MiB.",
        f"At {PER_SECOND} new posts a second the last taker had each of {effort.new_posts:,} after "
        f"{found.lag_median:.2f} s (median), {found.lag_p99:.2f} s (p99), {max(found.lags):.2f} s (longest).",
        Promise(
            "until step 2's last taker has a new post (p99)",
            1.5,
            found.lag_p99,
            "step2_services/README.md",
            "s",
        ),
    ]


def events(effort: Effort, testbed: "Testbed") -> Figures:
    """Compare step 3's pipeline from a write to every pond with a minimal one."""
    from workshop.bench.measurements.events import measure_event_lags  # noqa: PLC0415

    columns = ["pipeline", "median", "ratio", "p99", "ratio", "longest", "processors"]
    figures: Figures = []
    for rate, pipelines in measure_event_lags(effort, testbed.step3()).items():
        baseline = pipelines[0]
        rows = [
            [
                pipeline.name,
                f"{pipeline.median * 1000:.1f} ms",
                f"{pipeline.median / baseline.median:.2f}",
                f"{pipeline.p99 * 1000:.1f} ms",
                f"{pipeline.p99 / baseline.p99:.2f}",
                f"{max(pipeline.lags) * 1000:.0f} ms",
                f"{median(pipeline.busy):.0f} % busy",
            ]
            for pipeline in pipelines
        ]
        title = f"From the acknowledgement of a write until it is shown, at {rate} writes a second"
        figures.append(_table(title, columns, rows))
        if promised := PROMISED_EVENTS.get(rate):
            measured = pipelines[-1].median / baseline.median
            figure = f"an event in all ponds at {rate} writes/s, beside one bare pond"
            figures.append(Promise(figure, promised, measured, "step3_async/README.md"))
    return figures


def gateway(effort: Effort, testbed: "Testbed") -> Figures:
    """Compare step 3's gateway with bare proxies."""
    from workshop.bench.measurements.gateway import measure_proxying  # noqa: PLC0415

    found = measure_proxying(effort, testbed.step3())
    title = "Passing a request on: CPU time of the proxy's process, and responses over 4 connections"
    has_nginx = any(each.name == "nginx" for each in found)
    return [
        _costs(title, found),
        *([] if has_nginx else ["There is no nginx on the PATH to compare with."]),
        *(
            Promise("CPU of a request through the gateway, beside a bare proxy", 1.21, each.ratio, DECISION_6)
            for each in found
            if each.name == "the gateway"
        ),
    ]


def cache(effort: Effort, testbed: "Testbed") -> Figures:
    """Compare the gateway's cached responses with a hand-written server."""
    from workshop.bench.measurements.gateway import measure_caching  # noqa: PLC0415

    found = measure_caching(effort, testbed.step3())
    title = "Responding to a search: CPU time of the server's process, and responses over 4 connections"
    return [
        _costs(title, found),
        *(
            Promise(
                "cached searches a second, beside a hand-written server",
                17.0,
                each.rate_ratio,
                "docs/decisions/0011",
                is_least=True,
            )
            for each in found
            if each.name == "the gateway's cache"
        ),
    ]


def rebuilding(effort: Effort, testbed: "Testbed") -> Figures:
    """Compare rebuilding a view of step 3 with a bare copy."""
    from workshop.bench.measurements.rebuilding import measure_rebuilding  # noqa: PLC0415

    found = measure_rebuilding(effort, testbed.step3())
    rates = [("one process, find and bulk_write", found.bare), ("the view, from a snapshot", found.view)]
    return [_rates("Rebuilding, posts a second", rates)]


def promises(figures: Figures) -> list[Promise]:
    """Return the promises among figures."""
    return [each for each in figures if isinstance(each, Promise)]


def show_promises(found: Sequence[Promise]) -> None:
    """Print which promises were held."""
    if found:
        show([table_of(found)])


def show(figures: Figures) -> None:
    """Print figures, but not the promises among them."""
    from rich.console import Console  # noqa: PLC0415

    is_free = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    console = Console(width=PIPE_COLUMNS if is_free else None, highlight=False, markup=False)
    console.print()
    for each in figures:
        if not isinstance(each, Promise):
            console.print(each)


def _costs(title: str, found: "Sequence[Cost]") -> "Table":
    rows = [
        [
            each.name,
            f"{each.microseconds:,.0f}",
            f"{each.ratio:.2f}",
            f"{each.per_second:,.0f}",
            f"{each.rate_ratio:.2f}",
        ]
        for each in found
    ]
    return _table(title, ["server", "CPU µs a request", "ratio", "responses/s", "ratio"], rows)


def _rates(title: str, found: Sequence[tuple[str, float]]) -> "Table":
    first = found[0][1]
    rows = [[name, f"{rate:,.0f}", f"{rate / first:.2f}"] for name, rate in found]
    return _table(title, ["program", "posts/s", "ratio"], rows)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f}"


def _table(title: str, columns: list[str], rows: list[list[str]]) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    return table
