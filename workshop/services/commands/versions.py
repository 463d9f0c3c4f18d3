"""`./stones versions`: changes how the versions of a service share the requests."""

import re

import click

from workshop.services import state_files
from workshop.services.commands.changes import require_service, set_shares
from workshop.services.commands.options import step_option
from workshop.services.commands.rollout import await_rollout
from workshop.services.commands.table import show

SHARE = re.compile(r"(?P<version>[\w.-]+)=(?P<share>[0-9]{1,9})", re.ASCII)


@click.command()
@step_option
@click.argument("service")
@click.argument("shares", nargs=-1, metavar="[VERSION=SHARE…]")
def versions(step: int, service: str, shares: tuple[str, ...]) -> None:
    """Change how versions share the requests.

    This is about requests that name no version, for example `search v1=90 v2=10`. Without shares, it shows
    them.
    """
    parsed = dict(_parse(share) for share in shares)
    with state_files.changing(step) as desired:
        require_service(desired, service)
        if parsed:
            set_shares(desired, state_files.read_endpoints(step), service, parsed)
    if parsed:
        await_rollout(step, {service})
    show(step, {service})


def _parse(share: str) -> tuple[str, int]:
    match = SHARE.fullmatch(share)
    if not match:
        raise click.ClickException(
            f"{share} is not understood: give a version and its share in percent, such as v1=90 v2=10."
        )
    return match["version"], int(match["share"])
