"""A river: what the server has is fetched ahead, so that it is here when it is asked for."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Sequence

import structlog
from nats.aio.msg import Msg

from step3_async.rapids.cancelling import cancel
from step3_async.rapids.nats import consumer
from step3_async.rapids.nats.answers import Answers
from step3_async.rapids.nats.connection import FAILURES, Connection
from step3_async.rapids.nats.delivery import NatsDelivery
from step3_async.rapids.nats.link import Link
from step3_async.rapids.nats.pull import Pull
from step3_async.rapids.transport import Unavailable

AHEAD = 500
"""At most so many are here and not yet handed out."""

MOMENT_SECONDS = 0.002
"""What arrives within a moment of the first is handed out with it: it was published together, and costs
little more than one does.
"""

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 1.0
OPEN_SECONDS = 10.0
LOOK_SECONDS = 10.0

log = structlog.stdlib.get_logger(__name__)


class NatsRiver:
    """See River."""

    def __init__(self, link: Link, name: str, domains: Sequence[str]) -> None:
        self.begun, self.rapids = False, ""
        self._link, self._name, self._domains = link, name, domains
        self._arrived: deque[NatsDelivery] = deque()
        self._news = asyncio.Event()
        self._pull: Pull | None = None
        self._connection: Connection | None = None
        self._answers = Answers()
        self._trouble = "it is not there yet"
        self._reached: int | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Be there. Raises Unavailable."""
        connection = await self._link.connection(OPEN_SECONDS)
        await self._settle(connection, opening=True)
        self._tasks = [
            asyncio.create_task(work, name=f"river {self._name}") for work in (self._keep(), self._watch())
        ]

    async def batch(self, most: int, patience: float) -> Sequence[NatsDelivery]:
        """See River. What is made anew meanwhile ends the wait, too."""
        if not self._arrived:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._news.wait()
                    await asyncio.sleep(MOMENT_SECONDS)
        if not self._arrived and self._trouble:
            raise Unavailable(self._trouble)
        batch = [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]
        if self._pull:
            self._pull.make_room(AHEAD - len(self._arrived))
        return batch

    async def pending(self) -> int:
        """See River."""
        connection = await self._link.connection(OPEN_SECONDS)
        return await consumer.pending(connection, self._name)

    async def close(self) -> None:
        """See River. What was not handed out is free for others at once."""
        await cancel(*self._tasks)
        for delivery in self._arrived:
            await delivery.retry(0)
        self._arrived.clear()

    async def _keep(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while True:
            connection = await self._link.connection()
            try:
                await self._settle(connection)
                wait = FIRST_WAIT_SECONDS
                await self._read(connection)
            except Exception as error:
                self._connection = None
                self._trouble = str(error) or type(error).__name__
                unexpected = not isinstance(error, (*FAILURES, Unavailable))
                if connection.usable or unexpected:
                    log.warning(
                        "a river stands still", river=self._name, error=self._trouble, exc_info=unexpected
                    )
                await asyncio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    async def _settle(self, connection: Connection, *, opening: bool = False) -> None:
        """See that the river is there, and whether it is the same as before."""
        if connection is self._connection and not self._trouble:
            return
        place = await self._find(connection, opening=opening)
        if place.rapids != self.rapids:
            if not opening:
                log.warning("events of a river were lost", river=self._name)
            self.begun, self.rapids = place.begun or not opening, place.rapids
            self._arrived.clear()
            self._news.set()
        await self._answers.go_on(connection, place.rapids)
        self._connection, self._reached, self._trouble = connection, place.reached, ""

    async def _find(self, connection: Connection, *, opening: bool = False) -> consumer.Place:
        return await consumer.ensure(connection, self._name, self._domains, self._reached, opening=opening)

    async def _watch(self) -> None:
        """See now and then whether events went before they were taken, which the server does not tell."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            connection = await self._link.connection()
            with contextlib.suppress(*FAILURES, Unavailable):
                place = await self._find(connection)
                if place.rapids == self.rapids:
                    self._reached = place.reached
                elif self._pull:
                    self._pull.refuse("events went before they were taken")

    async def _read(self, connection: Connection) -> None:
        """Have what comes arrive until the connection is lost, or raise when something else is wrong."""
        place = self.rapids

        def arrive(message: Msg) -> None:
            self._arrived.append(NatsDelivery(message, self._answers, place, time.monotonic()))
            self._news.set()

        self._pull = Pull(connection, self._name, arrive)
        try:
            await self._pull.run(AHEAD - len(self._arrived), self._keep_waiting)
        finally:
            await self._pull.end()
            self._pull = None

    async def _keep_waiting(self) -> None:
        """Keep what waits here for long from being handed out to another."""
        old = time.monotonic() - consumer.ACK_SECONDS / 3
        for delivery in [each for each in self._arrived if each.arrived < old]:
            delivery.arrived = time.monotonic()
            await delivery.keep()
