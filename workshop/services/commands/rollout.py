"""Waits until the services of a running step have their desired state."""

import time
from collections.abc import Iterator

import click

from workshop.run.lock import require_running
from workshop.services import state_files
from workshop.services.registry import not_up
from workshop.services.state_files import AllEndpoints, DesiredState, InstanceStatus
from workshop.steps import read_step

TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.1
CHANGING = {"starting", "filling", "stopping"}


def await_rollout(step: int, services: set[str]) -> None:
    """Wait until these services have their desired state. Raises click.ClickException after a timeout."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while True:
        require_running(step)
        differences = _all_differences(step, services)
        if not differences:
            return
        if time.monotonic() > deadline:
            raise click.ClickException(
                f"Not done within {TIMEOUT_SECONDS} s: {', '.join(differences)}. "
                "The run goes on trying; its log may say why."
            )
        time.sleep(POLL_SECONDS)


def _all_differences(step: int, services: set[str]) -> list[str]:
    desired, endpoints = state_files.read_desired(step), state_files.read_endpoints(step)
    instances = state_files.read_instances(step)
    found = [text for name in sorted(services) for text in _differences(name, desired, endpoints, instances)]
    if found:
        return found
    late = not_up(read_step(step), [each.name for each in instances if each.service in services])
    return [f"{name} is not up in the registry" for name in late]


def _differences(
    service: str, desired: DesiredState, endpoints: AllEndpoints, instances: list[InstanceStatus]
) -> Iterator[str]:
    for version, wanted in desired[service].items():
        name, number = f"{service} {version}", len(wanted.numbers)
        listed = endpoints[service][version]
        if listed.share != wanted.share:
            yield f"{name} still has a share of {listed.share}"
        if len(listed.urls) != number:
            yield f"{name} has {len(listed.urls)} of {number} instances listed"
        own = [each for each in instances if (each.service, each.version) == (service, version)]
        if len(own) != number:
            yield f"{name} has {len(own)} of {number} instances"
        yield from (f"{each.name} is {each.state}" for each in own if each.state in CHANGING)
