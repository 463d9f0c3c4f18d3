"""`workshop bench`: what the text claims, measured again as ratios within one run."""

import click

from workshop.bench import reports

MEASURES = {
    "load": reports.loading,
    "read": reports.reading,
    "sync": reports.copying,
    "events": reports.events,
    "rebuild": reports.rebuilding,
    "gateway": reports.gateway,
    "cache": reports.cache,
}


@click.command()
@click.option("--count", default=100_000, show_default=True, help="Posts to load, copy and rebuild.")
@click.option("--only", type=click.Choice([*MEASURES]), multiple=True, help="Only these measurements.")
def bench(count: int, only: tuple[str, ...]) -> None:
    """Measure the loader against a bare insert_many loop, Eve's answers against hand-written ones,
    synchronising and rebuilding against bare copies, events against a bare change stream with JetStream, and
    the gateway against a bare proxy.
    """
    for name, measure in MEASURES.items():
        if not only or name in only:
            measure(count)
