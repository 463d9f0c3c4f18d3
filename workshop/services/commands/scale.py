"""`./stones scale`: changes how many instances a service has."""

import re

import click

from workshop.services import state_files
from workshop.services.commands.changes import MAX_INSTANCES, require_instances, set_instances
from workshop.services.commands.options import step_option
from workshop.services.commands.rollout import await_rollout
from workshop.services.commands.table import show

TARGET = re.compile(r"(?P<service>[\w-]+)(:(?P<version>[\w.-]+))?=(?P<number>[0-9]{1,9})", re.ASCII)


@click.command()
@step_option
@click.argument("targets", nargs=-1, required=True, metavar="SERVICE[:VERSION]=NUMBER…")
def scale(step: int, targets: tuple[str, ...]) -> None:
    """Change how many instances services have.

    For example `search=3 like:v1=2`, while a step runs. Without a version, this scales the one that gets most
    requests.
    """
    parsed = [_parse(target) for target in targets]
    names = {service for service, _, _ in parsed}
    with state_files.changing(step) as desired:
        for service, version, number in parsed:
            set_instances(desired, service, version, number)
        for service in names:
            require_instances(desired, service)
    await_rollout(step, names)
    show(step, names)


def _parse(target: str) -> tuple[str, str | None, int]:
    match = TARGET.fullmatch(target)
    if not match:
        raise click.ClickException(
            f"{target} is not understood: give a service and a number from 0 to {MAX_INSTANCES}, "
            "such as search=3 or search:v1=2."
        )
    return match["service"], match["version"], int(match["number"])
