"""`./stones replace`: a rolling replacement of instances."""

import click

from workshop.services import state_files
from workshop.services.commands.changes import require_service
from workshop.services.commands.options import step_option
from workshop.services.commands.rollout import await_rollout
from workshop.services.commands.table import show
from workshop.services.state_files import DesiredState
from workshop.steps import read_step

InstanceKey = tuple[str, str, int]
"""Service, version and number of an instance."""


@click.command()
@step_option
@click.option("--all", "everything", is_flag=True, help="Replace all services, one after the other.")
@click.argument("services", nargs=-1, metavar="[SERVICE…]")
def replace(step: int, everything: bool, services: tuple[str, ...]) -> None:
    """Replace the instances of a service one by one.

    Each new instance is up before the old one stops. A running step takes up new code in this way, or gets
    rid of a process that behaves oddly, and no request fails.
    """
    if everything == bool(services):
        raise click.ClickException("Name the services to replace, or give --all.")
    with state_files.changing(step) as desired:
        for name in services:
            require_service(desired, name)
        replaced = _instances(desired, services or tuple(desired))
    described = read_step(step).services
    for old in replaced:
        service, version, number = old
        name = described[service].instance(version, number)
        if (new := _add_beside(step, old)) is None:
            click.echo(f"{name} has been removed meanwhile")
            continue
        await_rollout(step, {service})
        _remove(step, old)
        await_rollout(step, {service})
        click.echo(f"{name} is replaced by {described[service].instance(version, new)}")
    show(step, {service for service, _, _ in replaced})


def _instances(desired: DesiredState, services: tuple[str, ...]) -> list[InstanceKey]:
    return [
        (service, version, number)
        for service in services
        for version, each in desired[service].items()
        for number in each.numbers
    ]


def _add_beside(step: int, old: InstanceKey) -> int | None:
    """Add one more instance. Return its number, or None if the old one has been removed."""
    service, version, number = old
    with state_files.changing(step) as desired:
        changed = desired[service][version]
        return changed.add() if number in changed.numbers else None


def _remove(step: int, old: InstanceKey) -> None:
    service, version, number = old
    with state_files.changing(step) as desired:
        numbers = desired[service][version].numbers
        if number in numbers:
            numbers.remove(number)
