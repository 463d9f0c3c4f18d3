"""The listener keeps the registry up to date with what instances announce on the bus."""

import asyncio
import time

import structlog
from pydantic import ValidationError

from step3_async.client.routing.balancer import Balancer
from step3_async.client.routing.registry import Registry
from step3_async.rapids.bus import Bus
from step3_async.rapids.messages import HEARTBEAT, PROBE, Announcement

SWEEP_SECONDS = 0.25
LATE_SECONDS = 1.0

log = structlog.stdlib.get_logger(__name__)


class Listener:
    """Passes announcements on to the registry, and drops from it those that have fallen silent."""

    def __init__(self, bus: Bus, registry: Registry, balancer: Balancer) -> None:
        self._bus, self._registry, self._balancer = bus, registry, balancer
        self._is_probe_due = True

    async def start(self) -> None:
        """Listen from now on. Raises Unavailable."""
        self._bus.on_connection_change(self._on_connection_change)
        await self._bus.subscribe(f"{HEARTBEAT}.>", self._on_heartbeat)

    async def run(self) -> None:
        """Drop instances that have fallen silent, and read new shares of versions, until cancelled."""
        while True:
            if self._is_probe_due:
                self._is_probe_due = False
                await self._bus.publish(PROBE, b"")
            began = time.monotonic()
            await asyncio.sleep(SWEEP_SECONDS)
            self._balancer.refresh()
            if time.monotonic() - began > LATE_SECONDS:
                # This process stood still, and has not yet received what was announced meanwhile.
                self._registry.renew_all()
            elif self._bus.connected:
                self._registry.drop_expired()

    async def _on_heartbeat(self, topic: str, content: bytes) -> None:
        try:
            announced = Announcement.model_validate_json(content)
        except ValidationError:
            log.warning("announcement not understood", topic=topic)
            return
        # The bus lets each service publish below its own name only. Nobody may announce another's paths.
        if topic != f"{HEARTBEAT}.{announced.service}.{announced.instance}":
            log.warning("announcement of somebody else", topic=topic, service=announced.service)
            return
        self._registry.update(announced)

    def _on_connection_change(self, connected: bool) -> None:
        self._registry.renew_all()
        self._is_probe_due = connected
