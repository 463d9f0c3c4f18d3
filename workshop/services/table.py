"""`workshop services`: what runs, and where."""

from collections.abc import Collection

import click
from rich import box
from rich.console import Console
from rich.table import Table

from workshop.claims import require_run
from workshop.services import files
from workshop.services.files import Running
from workshop.services.options import of_step
from workshop.services.registry import UP, Told, registered
from workshop.steps import read_step


@click.command()
@of_step
def services(step: int) -> None:
    """Show the services of a running step: versions, shares, instances."""
    require_run(step)
    show(step, files.read_services_file(step))


def show(step: int, names: Collection[str]) -> None:
    """Print the table of these services."""
    running = files.read_instances(step)
    told = registered(read_step(step))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("Service", "Version", "Share"):
        table.add_column(column, no_wrap=True, justify="right" if column == "Share" else "left")
    table.add_column("Instances", overflow="fold")
    for name, versions in files.read_services_file(step).items():
        if name not in names:
            continue
        for version, place in versions.items():
            there = [each for each in running if (each.service, each.version) == (name, version)]
            lines = [_line(each) + (_registered(told, each.name) if told else "") for each in there]
            table.add_row(name, version, f"{place.share} %", "\n".join(lines) or "none")
    Console(highlight=False, markup=False).print(table)


def _line(each: Running) -> str:
    process = f"process {each.pid}" if each.pid else "no process"
    return f"{each.url} ({process}{'' if each.state == 'up' else ', ' + each.state})"


def _registered(told: Told, name: str) -> str:
    """How an instance is doing by its own word."""
    if (known := told.get(name)) is None:
        return ": not heard of"
    state = "" if known["state"] == UP else f"{known['state']}, "
    return f": {state}load {known['load']}, behind {known['behind']}, heard {known['heartbeat']} s ago"
