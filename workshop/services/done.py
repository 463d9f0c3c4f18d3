"""Waiting until a running step's services are as they are wanted."""

import time
from collections.abc import Iterator

import click

from workshop.services import files
from workshop.services.files import Found, Running, Wanted

DONE_SECONDS = 60
PAUSE_SECONDS = 0.1


def await_done(step: int, services: set[str]) -> None:
    """Wait until it is so for these services. Raises click.ClickException when it takes too long."""
    deadline = time.monotonic() + DONE_SECONDS
    while True:
        files.require_run(step)
        wanted, found = files.read_wanted(step), files.read_services_file(step)
        running = files.read_instances(step)
        missing = [text for name in sorted(services) for text in _missing(name, wanted, found, running)]
        if not missing:
            return
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"Not done within {DONE_SECONDS} s: {', '.join(missing)}. "
                "The run goes on trying; its log may say why."
            )
        time.sleep(PAUSE_SECONDS)


def _missing(service: str, wanted: Wanted, found: Found, running: list[Running]) -> Iterator[str]:
    for version, want in wanted[service].items():
        name = f"{service} {version}"
        place = found[service][version]
        if place.share != want.share:
            yield f"{name} has a share of {place.share} still"
        if len(place.urls) != want.instances:
            yield f"{name} has {len(place.urls)} of {want.instances} instances listed"
        there = [each for each in running if (each.service, each.version) == (service, version)]
        if len(there) != want.instances:
            yield f"{name} has {len(there)} of {want.instances} instances"
        yield from (
            f"{each.name} is {each.state}" for each in there if each.state in {"starting", "stopping"}
        )
