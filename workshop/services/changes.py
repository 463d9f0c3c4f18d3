"""What may be wanted of services; each function changes `wanted` or raises click.ClickException."""

import click

from workshop.services.files import Found, Want, Wanted

MOST = 20
ALL = 100


def set_instances(wanted: Wanted, service: str, version: str | None, number: int) -> None:
    """Want so many instances, of the version with the largest share if none is named."""
    if number > MOST:
        raise click.ClickException(f"{number} instances are too many: give a number from 0 to {MOST}.")
    versions = require_service(wanted, service)
    chosen = version or max(versions, key=lambda each: versions[each].share)
    want = _require_version(versions, service, chosen)
    del want.numbers[number:]
    while len(want.numbers) < number:
        want.add()


def set_shares(wanted: Wanted, found: Found, service: str, shares: dict[str, int]) -> None:
    """Want these shares; versions that are not named keep theirs. `found` tells which ones have instances."""
    versions = require_service(wanted, service)
    for version, share in shares.items():
        want = _require_version(versions, service, version)
        if share and not (want.numbers and found[service][version].urls):
            raise click.ClickException(
                f"{service} {version} has no instance that is up, so it cannot get requests; "
                f"first scale {service}:{version}=1."
            )
        want.share = share
    total = sum(each.share for each in versions.values())
    if total != ALL:
        told = " ".join(f"{version}={each.share}" for version, each in versions.items())
        raise click.ClickException(f"The shares of {service} must add up to {ALL}; {told} make {total}.")


def require_instances(wanted: Wanted, service: str) -> None:
    """Refuse that a version which gets requests has no instance."""
    for version, want in wanted[service].items():
        if want.share and not want.numbers:
            raise click.ClickException(
                f"{service} {version} gets {want.share} % of the requests, so its last instance has to stay"
                + ("; first give its share to another version." if len(wanted[service]) > 1 else ".")
            )


def require_service(wanted: Wanted, service: str) -> dict[str, Want]:
    """The versions of a service."""
    if service not in wanted:
        raise click.ClickException(f"There is no service {service}; there is: {', '.join(wanted)}.")
    return wanted[service]


def _require_version(versions: dict[str, Want], service: str, version: str) -> Want:
    if version not in versions:
        raise click.ClickException(f"There is no {service} {version}; there is: {', '.join(versions)}.")
    return versions[version]
