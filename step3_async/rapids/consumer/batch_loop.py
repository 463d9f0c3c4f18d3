"""The batch loop fetches batches of events and gives them to the dispatcher."""

import asyncio

from step3_async.rapids.bus import River, Unavailable
from step3_async.rapids.consumer.dispatcher import Dispatcher, Stopped
from step3_async.rapids.consumer.in_flight import InFlight, Received
from step3_async.rapids.consumer.monitor import Monitor
from step3_async.rapids.tasks import cancel, wait_unless

FETCH_SECONDS = 1.0
AGAIN_SECONDS = 0.5
FIRST_LIMIT = 8
MAX_BYTES = 4_000_000
"""The most bytes of a batch: pages of a snapshot are large, and a batch is in memory several times."""

Batch = dict[str, list[Received]]


class BatchLoop:
    """Fetches batches of at most `batch_size` events until `stopping` is set."""

    def __init__(
        self,
        in_flight: InFlight,
        dispatcher: Dispatcher,
        monitor: Monitor,
        batch_size: int,
        stopping: asyncio.Event,
    ) -> None:
        self._in_flight, self._dispatcher, self._monitor = in_flight, dispatcher, monitor
        self._batch_size, self._limit = batch_size, min(batch_size, FIRST_LIMIT)
        self._stopping = stopping
        self._is_full = False

    async def run(self, river: River) -> None:
        """Fetch and dispatch one batch after another.

        If a batch is full there are probably more events, so the next batch is fetched meanwhile. Otherwise
        it is fetched afterwards, and so contains all events that have come by then.
        """
        following = asyncio.create_task(self._fetch(river))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while True:
                await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    return
                batch, is_last = following.result(), stopping.done()
                is_ahead = self._is_full and not is_last
                if is_ahead:
                    following = asyncio.create_task(self._fetch(river))
                for domain, received in batch.items():
                    await self._dispatcher.dispatch(domain, received)
                    self._monitor.handled += len(received)
                if is_last:
                    return
                if not is_ahead:
                    following = asyncio.create_task(self._fetch(river))
        except Stopped:
            return
        finally:
            await cancel(following, stopping)

    async def _fetch(self, river: River) -> Batch:
        while True:
            try:
                deliveries = await river.fetch(self._limit, FETCH_SECONDS)
            except Unavailable:
                await wait_unless(self._stopping, AGAIN_SECONDS)
                continue
            if deliveries:
                self._is_full = len(deliveries) >= self._limit
                self._in_flight.add(deliveries)
                self._adapt(sum(len(each.data) for each in deliveries))
                return await self._dispatcher.read(deliveries)

    def _adapt(self, size: int) -> None:
        self._limit = max(1, self._limit // 2) if size > MAX_BYTES else min(self._batch_size, self._limit * 2)
