"""`workshop services`: what runs, and where."""

from collections.abc import Collection

import click
from rich import box
from rich.console import Console
from rich.table import Table

from workshop.services import files
from workshop.services.files import Running
from workshop.services.options import of_step


@click.command()
@of_step
def services(step: int) -> None:
    """Show the services of a running step: versions, shares, instances."""
    files.require_run(step)
    show(step, files.read_services_file(step))


def show(step: int, names: Collection[str]) -> None:
    """Print the table of these services."""
    running = files.read_instances(step)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Service", "Version", "Share"):
        table.add_column(column, no_wrap=True, justify="right" if column == "Share" else "left")
    table.add_column("Instances", overflow="fold")
    for name, versions in files.read_services_file(step).items():
        if name not in names:
            continue
        for version, place in versions.items():
            there = [_line(each) for each in running if (each.service, each.version) == (name, version)]
            table.add_row(name, version, f"{place.share} %", "\n".join(there) or "none")
    Console(highlight=False, markup=False).print(table)


def _line(each: Running) -> str:
    process = f"process {each.pid}" if each.pid else "no process"
    return f"{each.url} ({process}{'' if each.state == 'up' else ', ' + each.state})"
