"""`./stones replace`: new instances for old ones, while requests flow."""

import click

from workshop.services import files
from workshop.services.changes import require_service
from workshop.services.done import await_done
from workshop.services.files import Wanted
from workshop.services.options import of_step
from workshop.services.table import show
from workshop.steps import read_step

Old = tuple[str, str, int]
"""Service, version and number of an instance."""


@click.command()
@of_step
@click.option("--all", "everything", is_flag=True, help="All services, one after the other.")
@click.argument("services", nargs=-1, metavar="[SERVICE…]")
def replace(step: int, everything: bool, services: tuple[str, ...]) -> None:
    """Replace each instance of a service by a new one: the new one is up before the old one goes, one by one.

    So a running step takes up new code, or is rid of a process that has grown odd, and no request fails.
    """
    if everything == bool(services):
        raise click.ClickException("Name the services to replace, or give --all.")
    with files.changing(step) as wanted:
        for name in services:
            require_service(wanted, name)
        old = _instances(wanted, services or tuple(wanted))
    described = read_step(step).services
    for service, version, number in old:
        name = described[service].instance(version, number)
        if (new := _add_beside(step, (service, version, number))) is None:
            click.echo(f"{name} has gone meanwhile")
            continue
        await_done(step, {service})
        _remove(step, (service, version, number))
        await_done(step, {service})
        click.echo(f"{name} is replaced by {described[service].instance(version, new)}")
    show(step, {service for service, _, _ in old})


def _instances(wanted: Wanted, services: tuple[str, ...]) -> list[Old]:
    return [
        (service, version, number)
        for service in services
        for version, want in wanted[service].items()
        for number in want.numbers
    ]


def _add_beside(step: int, old: Old) -> int | None:
    """Want one more instance; its number, or None when the old one is not wanted any more."""
    service, version, number = old
    with files.changing(step) as wanted:
        want = wanted[service][version]
        return want.add() if number in want.numbers else None


def _remove(step: int, old: Old) -> None:
    service, version, number = old
    with files.changing(step) as wanted:
        numbers = wanted[service][version].numbers
        if number in numbers:
            numbers.remove(number)
