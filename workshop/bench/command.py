"""`workshop bench`: what the text claims, measured again as ratios within one run."""

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from workshop.stores.mongod import Mongod

if TYPE_CHECKING:
    from pymongo.collection import Collection

DATABASE = "bench"


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
def bench(count: int) -> None:
    """Measure the loader against a bare insert_many loop over the same documents."""
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    from workshop.bench.load import load_ratio  # noqa: PLC0415

    click.echo(f"Loading {count:,} generated posts in turns with a bare insert_many loop …")
    with Mongod() as mongod:
        mongod.wait()
        try:
            numbers = load_ratio(NewCollection(mongod.add_user(DATABASE)), count)
        finally:
            with mongod.admin() as admin:
                admin.drop_database(DATABASE)
    table = Table("collection", "bare insert_many", "workshop load", "ratio", title="Loading, posts a second")
    for setting, shown in (("plain", "without indexes"), ("text_index", "with the text index")):
        rates = (f"{numbers[f'{setting}_{who}_docs_s']:,.0f}" for who in ("bare", "loader"))
        table.add_row(shown, *rates, f"{numbers[f'{setting}_ratio']:.2f}")
    Console().print(table)
    click.echo(f"The loader's memory at its highest: {numbers['loader_peak_rss_mb']:.0f} MiB.")
