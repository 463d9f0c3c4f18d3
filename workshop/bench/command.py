"""`./stones bench`: measures what the text claims, as ratios within one run."""

import os
import sys
from dataclasses import replace
from time import monotonic

import click

from workshop import signals
from workshop.bench import reports
from workshop.bench.catalogue import CORES, MEASUREMENTS, total_duration
from workshop.bench.effort import FULL, QUICK, Effort

MIN_POSTS, MAX_POSTS = 1000, 1_000_000
"""Limits of --count. With fewer posts, some of the words to search for would be too rare."""


@click.command()
@click.option(
    "--count",
    type=click.IntRange(MIN_POSTS, MAX_POSTS),
    help=f"How many posts to load, copy and rebuild.  [default: {FULL.count}, with --quick {QUICK.count}]",
)
@click.option(
    "--only", type=click.Choice([*MEASUREMENTS]), multiple=True, help="Measure only this. May be repeated."
)
@click.option("--quick", is_flag=True, help="Measure one short turn each, to see that it works.")
def bench(count: int | None, only: tuple[str, ...], quick: bool) -> None:
    """Measure what the text claims.

    This measures the loader against a bare insert_many loop, Eve's responses against hand-written servers,
    synchronising and rebuilding against bare copies, events against a bare change stream with JetStream, and
    the gateway against a bare proxy. It also measures the memory of each step. At the end it prints which of
    the figures in the texts were held. Figures go to standard output, progress only to a terminal.
    """
    effort = QUICK if quick else FULL
    effort = replace(effort, count=count or effort.count)
    names = [name for name in MEASUREMENTS if not only or name in only]
    _announce(names, effort)
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


def _announce(names: list[str], effort: Effort) -> None:
    from workshop.load.progress import duration  # noqa: PLC0415

    total = duration(total_duration(names, effort))
    click.echo(
        f"Measuring takes about {total} on {CORES} idle processors; this machine has {os.cpu_count()}:"
    )
    for name in names:
        each = MEASUREMENTS[name]
        click.echo(f"  {name:<8} {duration(each.duration(effort)):>6}  {each.description(effort)}")


def _measure(names: list[str], effort: Effort) -> list[str]:
    """Run the measurements one after another. Print why one failed, and return the names of those that
    failed.
    """
    from workshop.bench.progress import showing  # noqa: PLC0415
    from workshop.load.progress import duration  # noqa: PLC0415
    from workshop.testbed.step import Testbed  # noqa: PLC0415

    failed, promises = [], []
    with Testbed() as testbed:
        for number, name in enumerate(names, start=1):
            measurement, began = MEASUREMENTS[name], monotonic()
            try:
                with showing(f"{name}, {number} of {len(names)}", measurement.duration(effort)):
                    figures = measurement.run(effort, testbed)
            except KeyboardInterrupt:
                click.echo("Stopping what was started …", err=True)
                raise
            except click.ClickException as error:
                failed.append(name)
                click.echo(f"{name} was not measured. {error.format_message()}", err=True)
            else:
                reports.show([*figures, f"This took {duration(monotonic() - began)}."])
                promises += reports.promises(figures)
    reports.show_promises(promises)
    return failed
