"""`workshop bench`: what the text claims, measured again as ratios within one run."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from workshop.state import ROOT
from workshop.stores.mongod import Mongod

if TYPE_CHECKING:
    from pymongo.collection import Collection

DATABASE = "bench"
READ_POSTS = 20_000
MEASURES = ["load", "read", "sync"]


@dataclass(frozen=True)
class NewCollection:
    """Gives a collection that nobody has used, whose writes count once they are on disk."""

    address: str

    def __call__(self) -> "Collection[dict[str, Any]]":
        """A new one."""
        from pymongo import MongoClient, WriteConcern  # noqa: PLC0415

        database = MongoClient[dict[str, Any]](self.address, tz_aware=True).get_default_database()
        return database.get_collection(
            f"posts_{uuid.uuid4().hex[:8]}", write_concern=WriteConcern(w="majority", j=True)
        )


@click.command()
@click.option("--count", default=100_000, show_default=True, help="Posts to load.")
@click.option("--only", type=click.Choice(MEASURES), help="Only one of the measurements.")
def bench(count: int, only: str | None) -> None:
    """Measure the loader against a bare insert_many loop, Eve's answers against hand-written ones, and
    synchronising against a bare copy.
    """
    wanted = [only] if only else MEASURES
    if {"load", "read"} & set(wanted):
        with Mongod() as mongod:
            mongod.wait()
            if "load" in wanted:
                _bench_loading(mongod, count)
            if "read" in wanted:
                _bench_reading(mongod, min(count, READ_POSTS))
    if "sync" in wanted:
        _bench_copying(count)


def _bench_loading(mongod: Mongod, count: int) -> None:
    from workshop.bench.load import load_ratio  # noqa: PLC0415

    click.echo(f"Loading {count:,} generated posts in turns with a bare insert_many loop …")
    try:
        numbers = load_ratio(NewCollection(mongod.add_user(DATABASE)), count)
    finally:
        with mongod.admin() as admin:
            admin.drop_database(DATABASE)
    rows = []
    for setting, shown in (("plain", "without indexes"), ("text_index", "with the text index")):
        rates = [f"{numbers[f'{setting}_{who}_docs_s']:,.0f}" for who in ("bare", "loader")]
        rows.append([shown, *rates, f"{numbers[f'{setting}_ratio']:.2f}"])
    _print("Loading, posts a second", ["collection", "bare insert_many", "workshop load", "ratio"], rows)
    click.echo(f"The loader's memory at its highest: {numbers['loader_peak_rss_mb']:.0f} MiB.")


def _bench_reading(mongod: Mongod, count: int) -> None:
    from workshop.bench.reading import CONTENDERS, reading_costs  # noqa: PLC0415

    click.echo(f"Reading pages of 25 found posts of {count:,} from servers that take turns …")
    uri = mongod.add_user(DATABASE)
    try:
        with prepared_posts(uri) as posts:
            numbers = reading_costs(posts, uri, count)
    finally:
        with mongod.admin() as admin:
            admin.drop_database(DATABASE)
    rows = [
        [each.name, f"{numbers[each.name]:,.0f}", f"{numbers[f'{each.name} (ratio)']:.2f}"]
        for each in CONTENDERS
    ]
    _print("Reading, CPU of the server's process", ["server", "µs a request", "ratio"], rows)


def _bench_copying(count: int) -> None:
    from workshop.bench.copying import PER_SECOND, WRITES, copying  # noqa: PLC0415

    click.echo(f"Step 2 copies {count:,} posts to 7 services; then one process does the same, bare …")
    found = copying(count)
    rows = [
        ["one process, find and bulk_write", f"{found.bare:,.0f}", "1.00"],
        ["the services, through sync", f"{found.services:,.0f}", f"{found.services / found.bare:.2f}"],
    ]
    _print("Copying, posts a second that have reached all takers", ["who", "posts/s", "ratio"], rows)
    early, late = found.memory_early / 2**20, found.memory_late / 2**20
    click.echo(f"Memory of sync after a tenth of the posts {early:.0f} MiB, after all {late:.0f} MiB.")
    click.echo(
        f"At {PER_SECOND} new posts a second the last taker had each of {WRITES:,} after "
        f"{found.lag_median:.2f} s (median), {found.lag_p99:.2f} s (p99), {max(found.lags):.2f} s (longest)."
    )


@contextmanager
def prepared_posts(uri: str) -> Iterator["Collection[dict[str, Any]]"]:
    """The collection `posts` of that database with the application's indexes, which step 1 makes itself."""
    from pymongo import MongoClient  # noqa: PLC0415

    command = [sys.executable, "-m", "step1_rest.api.prepare"]
    subprocess.run(command, env={**os.environ, "MONGODB_URI": uri}, cwd=ROOT, check=True)
    with MongoClient[dict[str, Any]](uri, tz_aware=True) as client:
        yield client.get_default_database()["posts"]


def _print(title: str, columns: list[str], rows: list[list[str]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(*columns, title=title)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
