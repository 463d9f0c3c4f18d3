"""Rebuild a service's pond: request it from the service, and watch the progress."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from step3_async.rapids.bus import Bus, Unavailable
from step3_async.rapids.messages import (
    HEARTBEAT,
    PROBE,
    REBUILD,
    Announcement,
    RebuildRequest,
    RebuildStatus,
)

REPLY_SECONDS = 60.0
LOOK_SECONDS = 0.3
LISTEN_SECONDS = 1.5


class RebuildFailed(Exception):
    """The pond could not be rebuilt, or not in time."""


async def rebuild(
    bus: Bus, service: str, empty: bool, patience: float, report: Callable[[str], object]
) -> None:
    """Request that a service fills its pond anew, and `report` the progress until it is done.

    Raises RebuildFailed after `patience` seconds, and for a service without a pond.
    """
    began = time.monotonic()
    try:
        status = await _request(bus, service, RebuildRequest(rebuild=True, empty=empty))
    except Unavailable:
        services = await _services_with_ponds(bus)
        known = f"these do: {', '.join(services)}" if services else "nobody does"
        raise RebuildFailed(f"{service} is not up, or subscribes to no events; {known}.") from None
    reported: dict[str, str] = {}
    while True:
        for domain, line in _lines(status).items():
            if reported.get(domain) != line:
                report(line)
            reported[domain] = line
        if all(progress.complete for progress in status.domains.values()):
            report(f"Done in {time.monotonic() - began:.1f} s.")
            return
        if time.monotonic() - began > patience:
            raise RebuildFailed(f"{service} is not done within {patience:g} s, and goes on.")
        await asyncio.sleep(LOOK_SECONDS)
        with suppress(Unavailable):  # it may be restarting
            status = await _request(bus, service, RebuildRequest())


async def _request(bus: Bus, service: str, request: RebuildRequest) -> RebuildStatus:
    content = request.model_dump_json().encode()
    reply = await bus.request(f"{REBUILD}.{service}", content, REPLY_SECONDS)
    status = RebuildStatus.model_validate_json(reply)
    if status.problem:
        raise RebuildFailed(f"{service} says: {status.problem}")
    return status


def _lines(status: RebuildStatus) -> dict[str, str]:
    lines = {}
    for domain, progress in status.domains.items():
        pages = f"{progress.pages} page{'' if progress.pages == 1 else 's'}"
        if progress.run is None:
            lines[domain] = f"{domain}: waits for capture"
        elif progress.complete:
            lines[domain] = f"{domain}: complete, {pages}"
        else:
            lines[domain] = f"{domain}: {pages}, up to {progress.reached or 'nothing yet'}"
    return lines


async def _services_with_ponds(bus: Bus) -> list[str]:
    """Return the services that subscribe to events, by their announcements."""
    found: set[str] = set()

    async def take(_topic: str, content: bytes) -> None:
        announced = Announcement.model_validate_json(content)
        if announced.subscriptions and announced.state != "gone":
            found.add(announced.service)

    await bus.subscribe(f"{HEARTBEAT}.>", take)
    await bus.publish(PROBE, b"")
    await asyncio.sleep(LISTEN_SECONDS)
    return sorted(found)
