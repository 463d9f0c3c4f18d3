"""A river, read on and on."""

import asyncio
from collections.abc import Mapping

import structlog

from kit.problems import Problem
from step3_async.rapids.flow import metrics
from step3_async.rapids.flow.hand import Hand, Received
from step3_async.rapids.flow.handling import Handler, Handling, OnSettled, Stopped
from step3_async.rapids.flow.pausing import pause
from step3_async.rapids.flow.snapshots import Snapshots
from step3_async.rapids.flow.tries import Tries
from step3_async.rapids.pond import Pond
from step3_async.rapids.signals import CONTROL, Order, Standing
from step3_async.rapids.transport import River, Transport, Unavailable

PATIENCE_SECONDS = 1.0
AGAIN_SECONDS = 0.5
LOOK_SECONDS, LOOK_SOON_SECONDS = 1.0, 0.2
"""How often it is looked how far ponds are, when they are ready, and until then."""

FEW = 8
MUCH = 4_000_000
"""Bytes at once: snapshot pages are large, and a batch is in memory several times over."""

Batch = dict[str, list[Received]]

log = structlog.stdlib.get_logger(__name__)


class Flow:
    """The river called `name`, with a handler for each domain; a Pond is one, and gets its snapshots.

    `run` reads until `stop`, whether or not there is a connection. Meanwhile orders under `control.<name>`
    are obeyed. Batches hold at most `most` events; of one that fails, halves are tried, and so on down to
    single events, which are tried as often as `tries` says and then set aside.
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
        self._handling = Handling(
            *(transport, name, handlers, self._hand),
            on_settled=on_settled,
            tries=tries or Tries(),
            stopping=self._stopping,
        )
        ponds = {domain: each for domain, each in handlers.items() if isinstance(each, Pond)}
        self._snapshots = Snapshots(transport, name, ponds)
        self._river: River | None = None
        self._limit, self._most = most, min(most, FEW)
        self._dealt_with = self._behind = 0
        self._at_start: int | None = None
        self._caught_up = False

    @property
    def ready(self) -> bool:
        """Whether all ponds have been completed once, and what was pending at the start was dealt with."""
        return self._snapshots.complete and self._caught_up

    @property
    def behind(self) -> int:
        """How many events are yet to be dealt with, as of a moment ago."""
        return self._behind

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
            await asyncio.wait({self._running}, timeout=LOOK_SECONDS)

    async def _run(self) -> None:
        await self._transport.answer(f"{CONTROL}.{self._name}", self._obey)
        self._river = river = await self._found()
        if river is None:
            return
        try:
            await self._work(river)
        finally:
            await self._hand.give_back()
            await river.close()

    async def _work(self, river: River) -> None:
        async with asyncio.TaskGroup() as tasks:
            helpers = [tasks.create_task(self._hand.keep()), tasks.create_task(self._tend(river))]
            await self._read(river)
            for helper in helpers:
                helper.cancel()

    async def _found(self) -> River | None:
        while not self._stopping.is_set():
            try:
                return await self._transport.river(self._name, self._domains)
            except Unavailable as error:
                log.warning("no river yet", river=self._name, reason=str(error))
            await pause(self._stopping, AGAIN_SECONDS)
        return None

    async def _read(self, river: River) -> None:
        """Deal with batches, with the next being read meanwhile."""
        following = asyncio.create_task(self._fetch(river))
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            while True:
                await asyncio.wait({following, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    return
                batch, is_last = following.result(), stopping.done()
                if not is_last:
                    following = asyncio.create_task(self._fetch(river))
                for domain, received in batch.items():
                    await self._handling.deal_with(domain, received)
                    self._dealt_with += len(received)
                if is_last:
                    return
        except Stopped:
            return
        finally:
            following.cancel()
            stopping.cancel()
            await asyncio.gather(following, stopping, return_exceptions=True)

    async def _fetch(self, river: River) -> Batch:
        while True:
            try:
                found = await river.batch(self._most, PATIENCE_SECONDS)
            except Unavailable:
                await pause(self._stopping, AGAIN_SECONDS)
                continue
            if found:
                self._hand.take(found)
                self._adapt(sum(len(each.raw) for each in found))
                return await self._handling.read(found)

    def _adapt(self, size: int) -> None:
        self._most = max(1, self._most // 2) if size > MUCH else min(self._limit, self._most * 2)

    async def _tend(self, river: River) -> None:
        """See again and again how far things are, and that ponds get what they lack."""
        complaint = ""
        while True:
            try:
                await self._look(river)
                complaint = ""
            except (Unavailable, Problem) as error:
                if str(error) != complaint:
                    log.warning("how far the river is cannot be told", river=self._name, reason=str(error))
                complaint = str(error)
            await asyncio.sleep(LOOK_SECONDS if self.ready else LOOK_SOON_SECONDS)

    async def _look(self, river: River) -> None:
        self._behind = await river.pending()
        metrics.BEHIND.labels(self._name).set(self._behind)
        if self._at_start is None:
            self._at_start = self._behind
        if not self._behind or self._dealt_with >= self._at_start:
            self._caught_up = True
        await self._snapshots.look(river.rapids, self._behind)

    async def _obey(self, text: bytes) -> bytes:
        told = Standing(domains={}, pending=self._behind)
        try:
            if self._river is None:
                raise Unavailable("there is no river yet")
            order = Order.model_validate_json(text)
            told.domains = await self._snapshots.obey(order, self._river.rapids)
        except (Problem, Unavailable, ValueError) as error:
            told.problem = str(error)
        return told.model_dump_json().encode()
