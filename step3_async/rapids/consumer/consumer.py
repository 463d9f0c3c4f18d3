"""A consumer reads a river until it is stopped."""

import asyncio
from collections.abc import Mapping

import structlog

from step3_async.rapids.bus import Bus, River, Unavailable
from step3_async.rapids.consumer.batch_loop import BatchLoop
from step3_async.rapids.consumer.dispatcher import Dispatcher, Handler, OnApplied
from step3_async.rapids.consumer.in_flight import InFlight
from step3_async.rapids.consumer.monitor import Monitor
from step3_async.rapids.consumer.retry_policy import DELAYS, RetryPolicy
from step3_async.rapids.consumer.snapshots import Snapshots
from step3_async.rapids.messages import REBUILD
from step3_async.rapids.pond import Pond
from step3_async.rapids.tasks import retrying, until_one_ends, wait_unless

CANCEL_SECONDS = 1.0

log = structlog.stdlib.get_logger(__name__)


class Consumer:
    """The consumer of the river `name`, with a handler for each domain. A handler may be a Pond, which also
    gets its snapshots.

    All ponds are in one database. A batch has at most `batch_size` events. When a batch fails, each half is
    tried, and so on down to single events. A failing event is delivered again after each of the `delays`, in
    seconds; after the last it becomes a dead letter. `on_applied` is called with the documents that the ponds
    show from now on.
    """

    def __init__(
        self,
        bus: Bus,
        name: str,
        handlers: Mapping[str, Handler],
        *,
        on_applied: OnApplied | None = None,
        delays: tuple[float, ...] = DELAYS,
        batch_size: int = 500,
    ) -> None:
        self._bus, self._name, self._domains = bus, name, sorted(handlers)
        self._stopping = asyncio.Event()
        self._running: asyncio.Future[None] | None = None
        self._in_flight = InFlight()
        retry_policy = RetryPolicy(bus, name, self._in_flight, delays)
        dispatcher = Dispatcher(
            name, handlers, self._in_flight, retry_policy, on_applied=on_applied, stopping=self._stopping
        )
        ponds = {domain: each for domain, each in handlers.items() if isinstance(each, Pond)}
        self._monitor = Monitor(name, Snapshots(bus, name, ponds))
        self._batch_loop = BatchLoop(self._in_flight, dispatcher, self._monitor, batch_size, self._stopping)

    @property
    def ready(self) -> bool:
        """Whether all ponds have been complete once, and all events from before the start are handled."""
        return self._monitor.ready

    @property
    def pending(self) -> int:
        """How many events were pending a moment ago."""
        return self._monitor.pending

    async def run(self) -> None:
        """Read the river until `stop`, with a connection or without, and reply to requests for a rebuild."""
        self._running = asyncio.ensure_future(self._run())
        try:
            await self._running
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._stopping.is_set() or (task and task.cancelling()):
                raise

    async def stop(self, timeout: float = 5.0) -> None:
        """Finish the current batch within `timeout` seconds, and end `run`. The rest is delivered again."""
        self._stopping.set()
        if self._running is None:
            return
        await asyncio.wait({self._running}, timeout=timeout)
        if not self._running.done():
            log.warning("the current batch is not finished", river=self._name)
            self._running.cancel()
            await asyncio.wait({self._running}, timeout=CANCEL_SECONDS)

    async def _run(self) -> None:
        await self._bus.reply(f"{REBUILD}.{self._name}", self._monitor.rebuild)
        river = await self._open_river()
        if river is None:
            return
        try:
            await until_one_ends(
                self._batch_loop.run(river), self._in_flight.keep_alive(), self._monitor.run(river)
            )
        finally:
            await self._in_flight.return_all()
            await river.close()

    async def _open_river(self) -> River | None:
        opening = retrying(
            Unavailable,
            most=0.5,
            stop=lambda _: self._stopping.is_set(),
            sleep=lambda seconds: wait_unless(self._stopping, seconds),
            on_error=lambda error: log.warning("no river yet", river=self._name, reason=str(error)),
        )
        try:
            return await opening(self._bus.open_river, self._name, self._domains)
        except Unavailable:
            return None
