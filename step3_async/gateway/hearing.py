"""What the gateway hears: who is there, and what has settled."""

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import structlog
from pydantic import ValidationError

from step3_async.gateway.balancing import Balancer
from step3_async.gateway.cache import Cache
from step3_async.gateway.registry import Registry
from step3_async.gateway.settling import Settling
from step3_async.rapids.bus import Bus
from step3_async.rapids.messages import APPLIED, HEARTBEAT, PROBE, Announcement, Applied

SWEEP_SECONDS = 0.25
LATE_SECONDS = 1.0

log = structlog.stdlib.get_logger(__name__)


class Hearing:
    """Passes on what `transport` signals."""

    def __init__(
        self, transport: Bus, registry: Registry, balancer: Balancer, settling: Settling, cache: Cache
    ) -> None:
        self._transport, self._registry, self._balancer = transport, registry, balancer
        self._settling, self._cache = settling, cache
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen from now on. Raises Unavailable."""
        self._cache.bypassed = not self._transport.connected
        self._registry.on_change(lambda _service: self._cache.clear())
        self._transport.on_connection_change(self._on_change)
        await self._transport.subscribe(f"{HEARTBEAT}.>", self._on_alive)
        await self._transport.subscribe(f"{APPLIED}.*", self._on_settled)
        await self._transport.publish(PROBE, b"")
        self._keep(self._sweep())

    def stop(self) -> None:
        """Sweep no more."""
        for task in self._tasks:
            task.cancel()

    async def _on_alive(self, _topic: str, text: bytes) -> None:
        try:
            told = Announcement.model_validate_json(text)
        except ValidationError:
            log.warning("announcement not understood")
            return
        self._registry.hear(told)

    async def _on_settled(self, topic: str, text: bytes) -> None:
        try:
            settled = Applied.model_validate_json(text)
        except ValidationError:
            log.warning("signal not understood", topic=topic)
            return
        # First what is kept, as whoever waits for this asks next.
        self._cache.drop(f"{settled.service}.{settled.domain}")
        self._settling.hear(settled)

    def _on_change(self, connected: bool) -> None:
        self._cache.bypassed = not connected
        self._cache.clear()
        self._registry.be_patient()
        if connected:
            self._keep(self._transport.publish(PROBE, b""))

    async def _sweep(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(SWEEP_SECONDS)
            self._balancer.refresh()
            if time.monotonic() - began > LATE_SECONDS:
                # We stood still ourselves, and have not yet heard what was told meanwhile.
                self._registry.be_patient()
            elif self._transport.connected:
                self._registry.sweep()

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
