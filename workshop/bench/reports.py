"""Each measurement with the lines that tell what came of it.

What measures is imported only when it is wanted, as that takes a while.
"""

from collections.abc import Sequence
from statistics import median

import click

from workshop.bench.turns import Cost

READ_POSTS = 20_000


def loading(count: int) -> None:
    """The loader against a bare insert_many loop."""
    from workshop.bench.load import load_ratio  # noqa: PLC0415
    from workshop.bench.scratch import scratch_collections  # noqa: PLC0415

    click.echo(f"Loading {count:,} generated posts in turns with a bare insert_many loop …")
    with scratch_collections() as new_collection:
        numbers = load_ratio(new_collection, count)
    rows = []
    for setting, shown in (("plain", "without indexes"), ("text_index", "with the text index")):
        rates = [f"{numbers[f'{setting}_{who}_docs_s']:,.0f}" for who in ("bare", "loader")]
        rows.append([shown, *rates, f"{numbers[f'{setting}_ratio']:.2f}"])
    _table("Loading, posts a second", ["collection", "bare insert_many", "workshop load", "ratio"], rows)
    click.echo(f"The loader's memory at its highest: {numbers['loader_peak_rss_mb']:.0f} MiB.")


def reading(count: int) -> None:
    """Eve's answers against hand-written ones."""
    from workshop.bench.reading import reading_costs  # noqa: PLC0415
    from workshop.bench.scratch import scratch_posts  # noqa: PLC0415

    number = min(count, READ_POSTS)
    click.echo(f"Reading pages of 25 found posts of {number:,} from servers that take turns …")
    with scratch_posts() as (posts, uri):
        _costs(
            "Reading: CPU time of the server's process, and answers over one connection",
            reading_costs(posts, uri, number),
        )


def copying(count: int) -> None:
    """Step 2's sync against a bare copy."""
    from workshop.bench.copying import PER_SECOND, WRITES, copying  # noqa: PLC0415

    click.echo(f"Step 2 copies {count:,} posts to 7 services; then one process does the same, bare …")
    found = copying(count)
    _rates(
        "Copying, posts a second that have reached all takers",
        [("one process, find and bulk_write", found.bare), ("the services, through sync", found.services)],
    )
    early, late = found.memory_early / 2**20, found.memory_late / 2**20
    click.echo(f"Memory of sync after a tenth of the posts {early:.0f} MiB, after all {late:.0f} MiB.")
    click.echo(
        f"At {PER_SECOND} new posts a second the last taker had each of {WRITES:,} after "
        f"{found.lag_median:.2f} s (median), {found.lag_p99:.2f} s (p99), {max(found.lags):.2f} s (longest)."
    )


def events(_count: int) -> None:
    """Step 3's way from a write to every pond against the floor."""
    from workshop.bench.events import PONDS, RATES, event_lags  # noqa: PLC0415

    rates = " and ".join(map(str, RATES))
    click.echo(f"Step 3 takes {rates} writes a second to {len(PONDS)} ponds; in turns with the floor …")
    columns = ["where", "median", "ratio", "p99", "ratio", "longest", "processors"]
    for rate, ways in event_lags().items():
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
        _table(f"From an acknowledgement until it shows, at {rate} writes a second", columns, rows)


def rebuilding(count: int) -> None:
    """A view of step 3 rebuilt against a bare copy."""
    from workshop.bench.rebuilding import VIEW, rebuilding  # noqa: PLC0415

    click.echo(f"Step 3 throws the view {VIEW} of {count:,} posts away and rebuilds it …")
    found = rebuilding(count)
    _rates(
        "Rebuilding, posts a second",
        [("one process, find and bulk_write", found.bare), ("the view, from a snapshot", found.view)],
    )


def gateway(_count: int) -> None:
    """Step 3's gateway against bare proxies."""
    from workshop.bench.gateway import proxying  # noqa: PLC0415

    click.echo("Proxies pass requests to the same backend in turns …")
    found = proxying()
    _costs("Passing a request on: CPU time of the proxy's process, and answers over 4 connections", found)
    if not any(each.name == "nginx" for each in found):
        click.echo("There is no nginx on the PATH to measure beside them.")


def cache(_count: int) -> None:
    """The gateway's cached answers against a hand-written server."""
    from workshop.bench.gateway import CACHED_POSTS, caching  # noqa: PLC0415

    click.echo(f"A search of {CACHED_POSTS:,} posts, from the gateway's cache and by hand …")
    _costs("Answering a search: CPU time of the server's process, and answers over 4 connections", caching())


def _costs(title: str, found: Sequence[Cost]) -> None:
    rows = [
        [
            each.name,
            *(f"{each.microseconds:,.0f}", f"{each.ratio:.2f}"),
            *(f"{each.per_second:,.0f}", f"{each.rate_ratio:.2f}"),
        ]
        for each in found
    ]
    _table(title, ["server", "CPU µs a request", "ratio", "answers/s", "ratio"], rows)


def _rates(title: str, found: Sequence[tuple[str, float]]) -> None:
    first = found[0][1]
    rows = [[name, f"{rate:,.0f}", f"{rate / first:.2f}"] for name, rate in found]
    _table(title, ["who", "posts/s", "ratio"], rows)


def _table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
