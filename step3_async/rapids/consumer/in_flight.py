"""Events in flight: delivered, and not acknowledged yet."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import Delivery

KEEP_ALIVE_SECONDS = 3.0
"""Well below the time after which a river delivers an event again."""


@dataclass(frozen=True, eq=False)
class Received:
    """A delivery and the event in it."""

    delivery: Delivery
    event: Event


class InFlight:
    """All deliveries in flight."""

    def __init__(self) -> None:
        self._deliveries: dict[int, Delivery] = {}

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """Add deliveries."""
        self._deliveries |= {id(delivery): delivery for delivery in deliveries}

    async def ack(self, delivery: Delivery) -> None:
        """Acknowledge a delivery, and forget it."""
        self._deliveries.pop(id(delivery), None)
        await delivery.ack()

    async def nak(self, delivery: Delivery, delay: float) -> None:
        """Request that it is delivered again in `delay` seconds, and forget it."""
        self._deliveries.pop(id(delivery), None)
        await delivery.nak(delay)

    async def return_all(self) -> None:
        """Request that all that is left is delivered again, to any reader of the river."""
        for delivery in list(self._deliveries.values()):
            await self.nak(delivery, 0)

    async def keep_alive(self) -> None:
        """Get more time for all deliveries in flight, regularly, until cancelled."""
        while True:
            await asyncio.sleep(KEEP_ALIVE_SECONDS)
            for delivery in list(self._deliveries.values()):
                await delivery.in_progress()
