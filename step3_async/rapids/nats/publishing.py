"""Storing events in order, many under way at once."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence

import structlog

from step3_async.rapids.nats.confirmations import Confirmations, Parcel
from step3_async.rapids.nats.connection import FAILURES
from step3_async.rapids.nats.link import Link
from step3_async.rapids.transport import Unavailable

PATIENCE_SECONDS = 20.0
"""Without anything being confirmed."""

CONFIRM_SECONDS = 5.0
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 1.0
MOST_UNDER_WAY = 500
MOST_BYTES_UNDER_WAY = 16_000_000
MOST_HEADER_BYTES = 4000

log = structlog.stdlib.get_logger(__name__)


class Publisher:
    """Stores parcels over whatever connection there is."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._confirmations: Confirmations | None = None
        self._opening = asyncio.Lock()

    async def publish(self, parcels: Sequence[Parcel]) -> None:
        """Store all in this order. Raises Unavailable when nothing is confirmed for PATIENCE_SECONDS, and
        ValueError when one is larger than the server takes.
        """
        stored, wait = 0, FIRST_WAIT_SECONDS
        deadline = time.monotonic() + PATIENCE_SECONDS
        while stored < len(parcels):
            now, error = await self._try(parcels[stored:], deadline)
            stored += now
            if error is None:
                continue
            if now:
                deadline, wait = time.monotonic() + PATIENCE_SECONDS, FIRST_WAIT_SECONDS
            if time.monotonic() + wait > deadline:
                raise Unavailable(f"events are not stored: {error}") from error
            log.info("publishing again", left=len(parcels) - stored, error=str(error))
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    async def _try(self, parcels: Sequence[Parcel], deadline: float) -> tuple[int, Exception | None]:
        """How many of them, from the first, are stored now, and why not all."""
        stored = 0
        under_way: deque[tuple[asyncio.Future[None], int]] = deque()
        size = 0
        try:
            confirmations = await self._open(deadline)
            largest = confirmations.connection.max_payload
            for parcel in parcels:
                if len(parcel.text) + 1000 > largest:
                    raise ValueError(
                        f"{parcel.subject} {parcel.id} has {len(parcel.text)} bytes, of {largest}"
                    )
                while under_way and (len(under_way) >= MOST_UNDER_WAY or size >= MOST_BYTES_UNDER_WAY):
                    size -= await _first(under_way)
                    stored += 1
                under_way.append((await confirmations.send(parcel), len(parcel.text)))
                size += len(parcel.text)
            while under_way:
                await _first(under_way)
                stored += 1
        except (*FAILURES, Unavailable) as error:
            return stored, error
        finally:
            for confirmed, _ in under_way:
                if not confirmed.cancel() and not confirmed.cancelled():
                    confirmed.exception()  # it counts as seen
        return stored, None

    async def _open(self, deadline: float) -> Confirmations:
        connection = await self._link.connection(max(0.0, deadline - time.monotonic()))
        async with self._opening:
            if self._confirmations is None or self._confirmations.connection is not connection:
                fresh = Confirmations(connection)
                await fresh.open()
                self._confirmations = fresh
            return self._confirmations


async def _first(under_way: deque[tuple[asyncio.Future[None], int]]) -> int:
    """Wait until the first is confirmed; its size. Raises Unavailable."""
    confirmed, size = under_way[0]
    if not confirmed.done():
        await asyncio.wait({confirmed}, timeout=CONFIRM_SECONDS)
    if not confirmed.done():
        raise Unavailable(f"nothing was confirmed for {CONFIRM_SECONDS:g} s")
    confirmed.result()
    under_way.popleft()
    return size
