"""A river, read on and on."""

import asyncio
from collections.abc import Mapping

import structlog

from step3_async.rapids.cancelling import until_one_ends
from step3_async.rapids.flow.hand import Hand
from step3_async.rapids.flow.handling import Handler, Handling, OnSettled
from step3_async.rapids.flow.pausing import pause
from step3_async.rapids.flow.reading import Reading
from step3_async.rapids.flow.snapshots import Snapshots
from step3_async.rapids.flow.tending import Tending
from step3_async.rapids.flow.tries import Tries
from step3_async.rapids.pond import Pond
from step3_async.rapids.signals import CONTROL
from step3_async.rapids.transport import River, Transport, Unavailable

AGAIN_SECONDS = 0.5
ENDING_SECONDS = 1.0

log = structlog.stdlib.get_logger(__name__)


class Flow:
    """The river called `name`, with a handler for each domain; a Pond is one, and gets its snapshots.

    Its ponds lie in one database. `run` reads until `stop`, whether or not there is a connection, and orders
    under `control.<name>` are obeyed meanwhile. Batches hold at most `most` events; of one that fails, halves
    are tried, and so on down to single events, which are tried as often as `tries` says and then set aside.
    """

    def __init__(
        self,
        transport: Transport,
        name: str,
        handlers: Mapping[str, Handler],
        *,
        on_settled: OnSettled | None = None,
        tries: Tries | None = None,
        most: int = 500,
    ) -> None:
        self._transport, self._name = transport, name
        self._domains = sorted(handlers)
        self._stopping = asyncio.Event()
        self._running: asyncio.Future[None] | None = None
        self._hand = Hand()
        handling = Handling(
            *(transport, name, handlers, self._hand),
            on_settled=on_settled,
            tries=tries or Tries(),
            stopping=self._stopping,
        )
        ponds = {domain: each for domain, each in handlers.items() if isinstance(each, Pond)}
        self._tending = Tending(name, Snapshots(transport, name, ponds))
        self._reading = Reading(self._hand, handling, self._tending, most, self._stopping)

    @property
    def ready(self) -> bool:
        """Whether all ponds have been completed once, and what was pending at the start was dealt with."""
        return self._tending.ready

    @property
    def behind(self) -> int:
        """How many events are yet to be dealt with, as of a moment ago."""
        return self._tending.behind

    async def run(self) -> None:
        """Read on, until stopped."""
        self._running = asyncio.ensure_future(self._run())
        try:
            await self._running
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._stopping.is_set() or (task and task.cancelling()):
                raise

    async def stop(self, patience: float = 5.0) -> None:
        """Finish what was handed out, within so many seconds, and end `run`. What is left comes again."""
        self._stopping.set()
        if self._running is None:
            return
        await asyncio.wait({self._running}, timeout=patience)
        if not self._running.done():
            log.warning("the river is left before all was finished", river=self._name)
            self._running.cancel()
            await asyncio.wait({self._running}, timeout=ENDING_SECONDS)

    async def _run(self) -> None:
        await self._transport.answer(f"{CONTROL}.{self._name}", self._tending.obey)
        river = await self._found()
        if river is None:
            return
        try:
            await self._work(river)
        finally:
            await self._hand.give_back()
            await river.close()

    async def _work(self, river: River) -> None:
        await until_one_ends(
            self._reading.go_on(river),
            self._hand.keep(),
            self._tending.go_on(river),
        )

    async def _found(self) -> River | None:
        while not self._stopping.is_set():
            try:
                return await self._transport.river(self._name, self._domains)
            except Unavailable as error:
                log.warning("no river yet", river=self._name, reason=str(error))
            await pause(self._stopping, AGAIN_SECONDS)
        return None
