"""`./stones services`: shows which instances run, and where."""

from collections.abc import Collection

import click
from rich import box
from rich.console import Console
from rich.table import Table

from workshop.run.lock import require_running
from workshop.services import state_files
from workshop.services.commands.options import step_option
from workshop.services.registry import UP, Registrations, read_registry
from workshop.services.state_files import InstanceStatus
from workshop.steps import read_step

COLUMNS = ("Service", "Share", "Address", "PID", "State")
REGISTRY_COLUMNS = ("Load", "Pending", "Heartbeat")
"""What instances report: requests in flight, events to process, and the age of the last report."""

SILENT = "silent"
"""The state of an instance that the registry does not know."""

MAX_WIDTH = 1000


@click.command()
@step_option
def services(step: int) -> None:
    """Show versions, shares and instances of services."""
    require_running(step)
    show(step, state_files.read_endpoints(step))


def show(step: int, names: Collection[str]) -> None:
    """Print the table of these services with one line for each instance."""
    registry = read_registry(read_step(step))
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False, pad_edge=False)
    for column in (*COLUMNS, *(REGISTRY_COLUMNS if registry is not None else ())):
        is_number = column in {"Share", "PID", *REGISTRY_COLUMNS}
        table.add_column(column, no_wrap=True, justify="right" if is_number else "left")
    instances, width = state_files.read_instances(step), max(map(len, names))
    for name, versions in state_files.read_endpoints(step).items():
        for version, endpoints in versions.items() if name in names else ():
            first = (f"{name:{width}} {version}", f"{endpoints.share} %")
            own = [each for each in instances if (each.service, each.version) == (name, version)]
            for each in own:
                table.add_row(*first, *_cells(each, registry))
                first = ("", "")
            if not own:
                table.add_row(*first, "none")
    console = Console(highlight=False, markup=False)
    # A narrow terminal wraps lines itself, and who reads a pipe wants whole lines.
    needed = console.measure(table, options=console.options.update(max_width=MAX_WIDTH)).maximum
    console.width = max(console.width, needed)
    console.print(table)


def _cells(each: InstanceStatus, registry: Registrations | None) -> list[str]:
    """Return an instance's address, process and state. Where there is a registry, the state is from there."""
    known = (registry or {}).get(each.name)
    state = each.state
    if registry is not None and state == UP:
        state = known["state"] if known else SILENT
    cells = [each.url, str(each.pid or "none"), state]
    return cells + ([str(known["load"]), str(known["pending"]), f"{known['heartbeat']} s"] if known else [])
