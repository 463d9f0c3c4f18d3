"""Reading a river batch by batch."""

import asyncio

from step3_async.rapids.cancelling import cancel
from step3_async.rapids.flow.hand import Hand, Received
from step3_async.rapids.flow.handling import Handling, Stopped
from step3_async.rapids.flow.pausing import pause
from step3_async.rapids.flow.tending import Tending
from step3_async.rapids.transport import River, Unavailable

PATIENCE_SECONDS = 1.0
AGAIN_SECONDS = 0.5
FEW = 8
MUCH = 4_000_000
"""Bytes at once: snapshot pages are large, and a batch is in memory several times over."""

Batch = dict[str, list[Received]]


class Reading:
    """Has batches of at most `most` events dealt with, until `stopping`."""

    def __init__(
        self, hand: Hand, handling: Handling, tending: Tending, most: int, stopping: asyncio.Event
    ) -> None:
        self._hand, self._handling, self._tending = hand, handling, tending
        self._limit, self._most = most, min(most, FEW)
        self._stopping = stopping
        self._is_much = False

    async def go_on(self, river: River) -> None:
        """Deal with batches until there is to be an end. Where there is much to do, the next one is read
        meanwhile; else it is read afterwards, so that it holds all that has come by then.
        """
        following = asyncio.create_task(self._fetch(river))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while True:
                await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    return
                batch, is_last = following.result(), stopping.done()
                is_ahead = self._is_much and not is_last
                if is_ahead:
                    following = asyncio.create_task(self._fetch(river))
                for domain, received in batch.items():
                    await self._handling.deal_with(domain, received)
                    self._tending.dealt_with += len(received)
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
                found = await river.batch(self._most, PATIENCE_SECONDS)
            except Unavailable:
                await pause(self._stopping, AGAIN_SECONDS)
                continue
            if found:
                self._is_much = len(found) >= self._most
                self._hand.take(found)
                self._adapt(sum(len(each.raw) for each in found))
                return await self._handling.read(found)

    def _adapt(self, size: int) -> None:
        self._most = max(1, self._most // 2) if size > MUCH else min(self._limit, self._most * 2)
