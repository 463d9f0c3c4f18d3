"""Waiting until a running step's services are as they are wanted."""

import time
from collections.abc import Iterator

import click

from workshop.claims import require_run
from workshop.services import files
from workshop.services.files import Found, Running, Wanted
from workshop.services.registry import not_up
from workshop.steps import read_step

DONE_SECONDS = 60
PAUSE_SECONDS = 0.1
CHANGING = {"starting", "filling", "stopping"}


def await_done(step: int, services: set[str]) -> None:
    """Wait until it is so for these services. Raises click.ClickException when it takes too long."""
    deadline = time.monotonic() + DONE_SECONDS
    while True:
        require_run(step)
        missing = _all_missing(step, services)
        if not missing:
            return
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"Not done within {DONE_SECONDS} s: {', '.join(missing)}. "
                "The run goes on trying; its log may say why."
            )
        time.sleep(PAUSE_SECONDS)


def _all_missing(step: int, services: set[str]) -> list[str]:
    wanted, found = files.read_wanted(step), files.read_services_file(step)
    running = files.read_instances(step)
    missing = [text for name in sorted(services) for text in _missing(name, wanted, found, running)]
    if missing:
        return missing
    late = not_up(read_step(step), [each.name for each in running if each.service in services])
    return [f"{name} is not up in the registry" for name in late]


def _missing(service: str, wanted: Wanted, found: Found, running: list[Running]) -> Iterator[str]:
    for version, want in wanted[service].items():
        name, number = f"{service} {version}", len(want.numbers)
        place = found[service][version]
        if place.share != want.share:
            yield f"{name} has a share of {place.share} still"
        if len(place.urls) != number:
            yield f"{name} has {len(place.urls)} of {number} instances listed"
        there = [each for each in running if (each.service, each.version) == (service, version)]
        if len(there) != number:
            yield f"{name} has {len(there)} of {number} instances"
        yield from (f"{each.name} is {each.state}" for each in there if each.state in CHANGING)
