"""`./stones scale`: how many instances a service has."""

import re

import click

from workshop.services import files
from workshop.services.changes import MOST, require_instances, set_instances
from workshop.services.done import await_done
from workshop.services.options import of_step
from workshop.services.table import show

WISH = re.compile(r"(?P<service>[\w-]+)(:(?P<version>[\w.-]+))?=(?P<number>[0-9]{1,9})", re.ASCII)


@click.command()
@of_step
@click.argument("wishes", nargs=-1, required=True, metavar="SERVICE[:VERSION]=NUMBER…")
def scale(step: int, wishes: tuple[str, ...]) -> None:
    """Say how many instances there are to be while a step runs, such as `search=3 like:v1=2`.

    Without a version it is the one that gets most requests.
    """
    asked = [_read(wish) for wish in wishes]
    names = {service for service, _, _ in asked}
    with files.changing(step) as wanted:
        for service, version, number in asked:
            set_instances(wanted, service, version, number)
        for service in names:
            require_instances(wanted, service)
    await_done(step, names)
    show(step, names)


def _read(wish: str) -> tuple[str, str | None, int]:
    match = WISH.fullmatch(wish)
    if not match:
        raise click.ClickException(
            f"{wish}: give a service and a number from 0 to {MOST}, such as search=3 or search:v1=2."
        )
    return match["service"], match["version"], int(match["number"])
