"""What a flow has in hand: deliveries that it was given and has not answered yet."""

import asyncio
from collections.abc import Iterable

from step3_async.rapids.event import Event
from step3_async.rapids.transport import Delivery

KEEP_SECONDS = 3.0
"""Well below the time after which rivers take a silent reader for dead."""


class Received:
    """A delivery whose event could be read; it is answered once."""

    def __init__(self, delivery: Delivery, event: Event) -> None:
        self.delivery, self.event = delivery, event


class Hand:
    """All deliveries in hand."""

    def __init__(self) -> None:
        self._held: dict[int, Delivery] = {}

    def take(self, batch: Iterable[Delivery]) -> None:
        """These are dealt with from now on."""
        self._held |= {id(delivery): delivery for delivery in batch}

    async def acknowledge(self, delivery: Delivery) -> None:
        """It is dealt with for good."""
        self._held.pop(id(delivery), None)
        await delivery.acknowledge()

    async def retry(self, delivery: Delivery, after: float) -> None:
        """It is to come again."""
        self._held.pop(id(delivery), None)
        await delivery.retry(after)

    async def give_back(self) -> None:
        """All that is left is to come again, to whoever reads the river then."""
        for delivery in list(self._held.values()):
            await self.retry(delivery, 0)

    async def keep(self) -> None:
        """See that nobody else is given what is in hand, on and on."""
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            for delivery in list(self._held.values()):
                await delivery.keep()
