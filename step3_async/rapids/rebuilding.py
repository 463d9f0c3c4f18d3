"""Having a service's pond made anew, and following that."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from step3_async.rapids.bus import Bus, Unavailable
from step3_async.rapids.messages import HEARTBEAT, PROBE, REBUILD, Announcement, RebuildRequest, RebuildStatus

ANSWER_SECONDS = 60.0
LOOK_SECONDS = 0.3
LISTEN_SECONDS = 1.5


class NotRebuilt(Exception):
    """The pond is not made anew, or not within the time there was for it."""


async def rebuild(
    transport: Bus, service: str, empty: bool, patience: float, tell: Callable[[str], object]
) -> None:
    """Have the pond of a service made anew, and `tell` how that goes until it is done.

    Raises NotRebuilt, for a service without a pond, too.
    """
    began = time.monotonic()
    try:
        standing = await _asked(transport, service, RebuildRequest(rebuild=True, empty=empty))
    except Unavailable:
        takers = await _takers(transport)
        known = f"these do: {', '.join(takers)}" if takers else "nobody does"
        raise NotRebuilt(f"{service} is not up, or takes no events; {known}.") from None
    told: dict[str, str] = {}
    while True:
        for domain, line in _lines(standing).items():
            if told.get(domain) != line:
                tell(line)
            told[domain] = line
        if all(progress.complete for progress in standing.domains.values()):
            tell(f"Done in {time.monotonic() - began:.1f} s.")
            return
        if time.monotonic() - began > patience:
            raise NotRebuilt(f"{service} is not done within {patience:g} s, and goes on.")
        await asyncio.sleep(LOOK_SECONDS)
        with suppress(Unavailable):  # it may be starting again just now
            standing = await _asked(transport, service, RebuildRequest())


async def _asked(transport: Bus, service: str, order: RebuildRequest) -> RebuildStatus:
    text = order.model_dump_json().encode()
    answer = await transport.request(f"{REBUILD}.{service}", text, ANSWER_SECONDS)
    standing = RebuildStatus.model_validate_json(answer)
    if standing.problem:
        raise NotRebuilt(f"{service} says: {standing.problem}")
    return standing


def _lines(standing: RebuildStatus) -> dict[str, str]:
    lines = {}
    for domain, progress in standing.domains.items():
        pages = f"{progress.pages} page{'' if progress.pages == 1 else 's'}"
        if progress.run is None:
            lines[domain] = f"{domain}: waits for capture"
        elif progress.complete:
            lines[domain] = f"{domain}: complete, {pages}"
        else:
            lines[domain] = f"{domain}: {pages}, up to {progress.reached or 'nothing yet'}"
    return lines


async def _takers(transport: Bus) -> list[str]:
    """Services that take events, as they announce themselves."""
    found: set[str] = set()

    async def hear(_topic: str, text: bytes) -> None:
        told = Announcement.model_validate_json(text)
        if told.takes and told.state != "gone":
            found.add(told.service)

    await transport.subscribe(f"{HEARTBEAT}.>", hear)
    await transport.publish(PROBE, b"")
    await asyncio.sleep(LISTEN_SECONDS)
    return sorted(found)
