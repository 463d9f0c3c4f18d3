"""`./stones services`: what runs, and where."""

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

COLUMNS = ("Service", "Share", "Address", "PID", "State")
REGISTERED = ("Load", "Behind", "Heard")
"""What instances tell of themselves: requests in work, events to take, and how long ago they told so."""

SILENT = "silent"
"""The state of an instance that the registry does not know."""

WIDEST = 1000


@click.command()
@of_step
def services(step: int) -> None:
    """Show the services of a running step: versions, shares, instances."""
    require_run(step)
    show(step, files.read_services_file(step))


def show(step: int, names: Collection[str]) -> None:
    """Print the table of these services, a line an instance."""
    told = registered(read_step(step))
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for column in (*COLUMNS, *(REGISTERED if told is not None else ())):
        is_number = column in {"Share", "PID", *REGISTERED}
        table.add_column(column, no_wrap=True, justify="right" if is_number else "left")
    running, width = files.read_instances(step), max(map(len, names))
    for name, versions in files.read_services_file(step).items():
        for version, place in versions.items() if name in names else ():
            first = (f"{name:{width}} {version}", f"{place.share} %")
            there = [each for each in running if (each.service, each.version) == (name, version)]
            for each in there:
                table.add_row(*first, *_cells(each, told))
                first = ("", "")
            if not there:
                table.add_row(*first, "none")
    console = Console(highlight=False, markup=False)
    # A narrow terminal wraps lines itself, and what reads a pipe does not want them cut.
    wanted = console.measure(table, options=console.options.update(max_width=WIDEST)).maximum
    console.width = max(console.width, wanted)
    console.print(table)


def _cells(each: Running, told: Told | None) -> list[str]:
    """Where an instance is and how it does; where there is a registry, by its own word."""
    known = (told or {}).get(each.name)
    state = each.state
    if told is not None and state == UP:
        state = known["state"] if known else SILENT
    place = [each.url, str(each.pid or "none"), state]
    return place + ([str(known["load"]), str(known["behind"]), f"{known['heartbeat']} s"] if known else [])
