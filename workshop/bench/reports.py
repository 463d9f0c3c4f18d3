"""Each measurement with the figures that came of it: tables, and lines below them.

What measures is imported only when it is wanted, as that takes a while.
"""

import os
import sys
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING

from workshop.bench.effort import Effort

if TYPE_CHECKING:
    from rich.table import Table

    from workshop.bench.stage import Stages
    from workshop.bench.turns import Cost

Figures = list["Table | str"]

READ_POSTS = 20_000
PIPE_COLUMNS = 200
"""So wide is a table that goes to no terminal: whoever reads it there has no use for wrapped cells."""


def loading(effort: Effort, _stages: "Stages") -> Figures:
    """The loader against a bare insert_many loop."""
    from workshop.bench.load import load_ratio  # noqa: PLC0415
    from workshop.bench.scratch import scratch_database  # noqa: PLC0415

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


def reading(effort: Effort, _stages: "Stages") -> Figures:
    """Eve's answers against hand-written ones."""
    from workshop.bench.reading import reading_costs  # noqa: PLC0415
    from workshop.bench.scratch import scratch_posts  # noqa: PLC0415

    with scratch_posts() as (posts, uri):
        found = reading_costs(posts, uri, min(effort.count, READ_POSTS), effort)
    return [_costs("Reading: CPU time of the server's process, and answers over one connection", found)]


def copying(effort: Effort, _stages: "Stages") -> Figures:
    """Step 2's sync against a bare copy."""
    from workshop.bench.copying import PER_SECOND, copying  # noqa: PLC0415

    found = copying(effort)
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
    ]


def events(effort: Effort, stages: "Stages") -> Figures:
    """Step 3's way from a write to every pond against the floor."""
    from workshop.bench.events import event_lags  # noqa: PLC0415

    columns = ["where", "median", "ratio", "p99", "ratio", "longest", "processors"]
    figures: Figures = []
    for rate, ways in event_lags(effort, stages.step3()).items():
        floor = ways[0]
        rows = [
            [
                way.name,
                *(f"{way.median * 1000:.1f} ms", f"{way.median / floor.median:.2f}"),
                *(f"{way.p99 * 1000:.1f} ms", f"{way.p99 / floor.p99:.2f}"),
                *(f"{max(way.lags) * 1000:.0f} ms", f"{median(way.busy):.0f} % busy"),
            ]
            for way in ways
        ]
        title = f"From an acknowledgement until it shows, at {rate} writes a second"
        figures.append(_table(title, columns, rows))
    return figures


def gateway(effort: Effort, stages: "Stages") -> Figures:
    """Step 3's gateway against bare proxies."""
    from workshop.bench.gateway import proxying  # noqa: PLC0415

    found = proxying(effort, stages.step3())
    title = "Passing a request on: CPU time of the proxy's process, and answers over 4 connections"
    has_nginx = any(each.name == "nginx" for each in found)
    return [
        _costs(title, found),
        *([] if has_nginx else ["There is no nginx on the PATH to measure beside them."]),
    ]


def cache(effort: Effort, stages: "Stages") -> Figures:
    """The gateway's cached answers against a hand-written server."""
    from workshop.bench.gateway import caching  # noqa: PLC0415

    found = caching(effort, stages.step3())
    title = "Answering a search: CPU time of the server's process, and answers over 4 connections"
    return [_costs(title, found)]


def rebuilding(effort: Effort, stages: "Stages") -> Figures:
    """A view of step 3 rebuilt against a bare copy."""
    from workshop.bench.rebuilding import rebuilding  # noqa: PLC0415

    found = rebuilding(effort, stages.step3())
    rates = [("one process, find and bulk_write", found.bare), ("the view, from a snapshot", found.view)]
    return [_rates("Rebuilding, posts a second", rates)]


def show(figures: Figures) -> None:
    """Print them."""
    from rich.console import Console  # noqa: PLC0415

    is_free = not sys.stdout.isatty() and "COLUMNS" not in os.environ
    console = Console(width=PIPE_COLUMNS if is_free else None, highlight=False, markup=False)
    console.print()
    for each in figures:
        console.print(each)


def _costs(title: str, found: "Sequence[Cost]") -> "Table":
    rows = [
        [
            each.name,
            *(f"{each.microseconds:,.0f}", f"{each.ratio:.2f}"),
            *(f"{each.per_second:,.0f}", f"{each.rate_ratio:.2f}"),
        ]
        for each in found
    ]
    return _table(title, ["server", "CPU µs a request", "ratio", "answers/s", "ratio"], rows)


def _rates(title: str, found: Sequence[tuple[str, float]]) -> "Table":
    first = found[0][1]
    rows = [[name, f"{rate:,.0f}", f"{rate / first:.2f}"] for name, rate in found]
    return _table(title, ["who", "posts/s", "ratio"], rows)


def _table(title: str, columns: list[str], rows: list[list[str]]) -> "Table":
    from rich.table import Table  # noqa: PLC0415

    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    return table
