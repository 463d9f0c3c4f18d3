"""`./stones versions`: how requests are shared among the versions of a service."""

import re

import click

from workshop.services import files
from workshop.services.changes import require_service, set_shares
from workshop.services.done import await_done
from workshop.services.options import of_step
from workshop.services.table import show

WISH = re.compile(r"(?P<version>[\w.-]+)=(?P<share>[0-9]{1,9})", re.ASCII)


@click.command()
@of_step
@click.argument("service")
@click.argument("wishes", nargs=-1, metavar="[VERSION=SHARE…]")
def versions(step: int, service: str, wishes: tuple[str, ...]) -> None:
    """Share the requests that ask for no version, such as `search v1=90 v2=10`; without shares, show them."""
    shares = dict(_read(wish) for wish in wishes)
    with files.changing(step) as wanted:
        require_service(wanted, service)
        if shares:
            set_shares(wanted, files.read_services_file(step), service, shares)
    if shares:
        await_done(step, {service})
    show(step, {service})


def _read(wish: str) -> tuple[str, int]:
    match = WISH.fullmatch(wish)
    if not match:
        raise click.ClickException(f"{wish}: give a version and its share in percent, such as v1=90 v2=10.")
    return match["version"], int(match["share"])
