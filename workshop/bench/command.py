"""`workshop bench`: what the text claims, measured again as ratios within one run."""

import os
import sys
from dataclasses import replace
from time import monotonic

import click

from workshop import signals
from workshop.bench import reports
from workshop.bench.effort import FULL, QUICK, Effort
from workshop.bench.measures import CORES, MEASURES, takes

LEAST, MOST = 1000, 1_000_000
"""Posts: with fewer not every word that is searched for is found often enough."""


@click.command()
@click.option(
    "--count",
    type=click.IntRange(LEAST, MOST),
    help=f"Posts to load, copy and rebuild.  [default: {FULL.count}, with --quick {QUICK.count}]",
)
@click.option("--only", type=click.Choice([*MEASURES]), multiple=True, help="Only this; may be repeated.")
@click.option("--quick", is_flag=True, help="One short turn each: shows that it works, and little more.")
def bench(count: int | None, only: tuple[str, ...], quick: bool) -> None:
    """Measure the loader against a bare insert_many loop, Eve's answers against hand-written ones,
    synchronising and rebuilding against bare copies, events against a bare change stream with JetStream, and
    the gateway against a bare proxy. Figures go to the standard output, progress to a terminal alone.
    """
    effort = QUICK if quick else FULL
    effort = replace(effort, count=count or effort.count)
    names = [name for name in MEASURES if not only or name in only]
    _say_what_comes(names, effort)
    signals.install()
    try:
        with signals.interruptible():
            failed = _measure(names, effort)
    except KeyboardInterrupt:
        click.echo("Stopped; nothing is left running.", err=True)
        sys.exit(signals.exit_code())
    finally:
        signals.ignore()
    if failed:
        raise click.ClickException(f"Not measured: {', '.join(failed)}.")


def _say_what_comes(names: list[str], effort: Effort) -> None:
    from workshop.load.progress import duration  # noqa: PLC0415

    whole = duration(takes(names, effort))
    click.echo(f"Measuring takes about {whole} on {CORES} idle processors; here are {os.cpu_count()}:")
    for name in names:
        each = MEASURES[name]
        click.echo(f"  {name:<8} {duration(each.takes(effort)):>6}  {each.told(effort)}")


def _measure(names: list[str], effort: Effort) -> list[str]:
    """Measure one after another; those that failed, whose reason is told."""
    from workshop.bench.progress import shown  # noqa: PLC0415
    from workshop.bench.stage import Stages  # noqa: PLC0415
    from workshop.load.progress import duration  # noqa: PLC0415

    failed = []
    with Stages() as stages:
        for place, name in enumerate(names, 1):
            measure, began = MEASURES[name], monotonic()
            try:
                with shown(f"{name}, {place} of {len(names)}", measure.takes(effort)):
                    figures = measure.make(effort, stages)
            except KeyboardInterrupt:
                click.echo("Stopping what was started …", err=True)
                raise
            except click.ClickException as error:
                failed.append(name)
                click.echo(f"{name} was not measured. {error.format_message()}", err=True)
            else:
                reports.show([*figures, f"This took {duration(monotonic() - began)}."])
    return failed
