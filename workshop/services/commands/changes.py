"""Changes of the desired state. Each function changes `desired` or raises click.ClickException."""

import click

from workshop.services.state_files import AllEndpoints, DesiredState, DesiredVersion

MAX_INSTANCES = 20
WHOLE_SHARE = 100


def set_instances(desired: DesiredState, service: str, version: str | None, number: int) -> None:
    """Set the number of instances of a version; without one, of the version with the largest share."""
    if number > MAX_INSTANCES:
        raise click.ClickException(
            f"{number} instances are too many: give a number from 0 to {MAX_INSTANCES}."
        )
    versions = require_service(desired, service)
    chosen = version or max(versions, key=lambda each: versions[each].share)
    changed = _require_version(versions, service, chosen)
    del changed.numbers[number:]
    while len(changed.numbers) < number:
        changed.add()


def set_shares(desired: DesiredState, endpoints: AllEndpoints, service: str, shares: dict[str, int]) -> None:
    """Set the shares of versions. A version that is not named keeps its share; one without instances among
    the `endpoints` can get none.
    """
    versions = require_service(desired, service)
    for version, share in shares.items():
        changed = _require_version(versions, service, version)
        if share and not (changed.numbers and endpoints[service][version].urls):
            raise click.ClickException(
                f"{service} {version} has no instance that is up, so it cannot get requests. "
                f"First run `./stones scale {service}:{version}=1`."
            )
        changed.share = share
    total = sum(each.share for each in versions.values())
    if total != WHOLE_SHARE:
        listed = " ".join(f"{version}={each.share}" for version, each in versions.items())
        raise click.ClickException(
            f"The shares of {service} must add up to {WHOLE_SHARE}, but {listed} add up to {total}."
        )


def require_instances(desired: DesiredState, service: str) -> None:
    """Raise click.ClickException if a version without instances has a share of the requests."""
    for version, each in desired[service].items():
        if each.share and not each.numbers:
            raise click.ClickException(
                f"{service} {version} gets {each.share} % of the requests, so its last instance has to stay"
                + ("; first give its share to another version." if len(desired[service]) > 1 else ".")
            )


def require_service(desired: DesiredState, service: str) -> dict[str, DesiredVersion]:
    """Return the versions of a service."""
    if service not in desired:
        raise click.ClickException(f"There is no service {service}; there is: {', '.join(desired)}.")
    return desired[service]


def _require_version(versions: dict[str, DesiredVersion], service: str, version: str) -> DesiredVersion:
    if version not in versions:
        raise click.ClickException(f"There is no {service} {version}; there is: {', '.join(versions)}.")
    return versions[version]
