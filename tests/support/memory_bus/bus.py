"""The adapter of the port to a broker in memory."""

import asyncio
import time
from collections.abc import Callable, Sequence

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import (
    DeadLetter,
    MessageHandler,
    RequestHandler,
    StoredDeadLetter,
    Unavailable,
)
from step3_async.rapids.tasks import cancel
from tests.support.memory_bus.broker import Broker, Consumer

LOOK_SECONDS = 0.01


class MemoryDelivery:
    def __init__(self, consumer: Consumer, number: int, data: bytes, attempt: int) -> None:
        self.data, self.attempt = data, attempt
        self._consumer, self._number, self._epoch = consumer, number, consumer.epoch

    async def ack(self) -> None:
        if self._is_current():
            self._consumer.ack(self._number)

    async def nak(self, delay: float) -> None:
        if self._is_current():
            self._consumer.nak(self._number, delay)

    async def in_progress(self) -> None:
        if self._is_current():
            self._consumer.in_progress(self._number)

    def _is_current(self) -> bool:
        return self._epoch == self._consumer.epoch


class MemoryRiver:
    def __init__(self, consumer: Consumer, connected: Callable[[], bool]) -> None:
        self._consumer, self._connected = consumer, connected
        self._open = True

    @property
    def epoch(self) -> str:
        return self._consumer.epoch

    async def fetch(self, limit: int, timeout: float) -> Sequence[MemoryDelivery]:
        deadline = time.monotonic() + timeout
        while True:
            self._require_connection()
            if taken := self._consumer.take(limit):
                return [MemoryDelivery(self._consumer, *each) for each in taken]
            if time.monotonic() >= deadline or not self._open:
                return []
            await asyncio.sleep(LOOK_SECONDS)

    async def pending(self) -> int:
        self._require_connection()
        return self._consumer.pending

    async def close(self) -> None:
        self._open = False

    def _require_connection(self) -> None:
        if not self._connected():
            raise Unavailable("there is no connection")


class MemoryBus:
    """All buses with the same `broker` reach each other. `lose` and `restore` change the connection.

    `validate` raises ValueError for an event that must not be published.
    """

    def __init__(self, broker: Broker, validate: Callable[[Event], None] | None = None) -> None:
        self._broker, self._validate = broker, validate
        self._connected, self._closed = True, False
        self._callbacks: list[Callable[[bool], None]] = []
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def connected(self) -> bool:
        return self._connected and not self._closed

    def lose(self) -> None:
        self._change(False)

    def restore(self) -> None:
        self._change(True)

    async def publish_events(self, events: Sequence[Event], to: str | None = None) -> None:
        if self._validate:
            for event in events:
                self._validate(event)
        await self._reach()
        self._broker.publish_events(events, to)

    async def open_river(self, name: str, domains: Sequence[str]) -> MemoryRiver:
        await self._reach()
        return MemoryRiver(self._broker.consumer(name, domains), lambda: self.connected)

    async def dead_letter(self, dead_letter: DeadLetter) -> None:
        await self._reach()
        self._broker.dead_letter(dead_letter)

    async def dead_letters(self, river: str | None = None) -> Sequence[StoredDeadLetter]:
        await self._reach()
        return self._broker.dead_letters(river)

    async def delete_dead_letter(self, stored: StoredDeadLetter) -> None:
        await self._reach()
        self._broker.delete_dead_letter(stored)

    async def redrive(self, stored: StoredDeadLetter) -> None:
        await self._reach()
        self._broker.redrive(stored)

    async def publish(self, topic: str, content: bytes) -> None:
        if self.connected:
            self._broker.publish(topic, content)

    async def subscribe(self, topic: str, handler: MessageHandler) -> None:
        waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()

        async def handle() -> None:
            while True:
                await handler(*await waiting.get())

        def take(published: str, content: bytes) -> None:
            if self.connected:
                waiting.put_nowait((published, content))

        self._tasks.append(asyncio.create_task(handle()))
        self._broker.subscribe(topic, take)

    async def reply(self, topic: str, handler: RequestHandler) -> None:
        self._broker.reply(topic, handler, lambda: self.connected)

    async def request(self, topic: str, content: bytes, timeout: float) -> bytes:
        await self._reach()
        handler = self._broker.replier(topic)
        if handler is None:
            raise Unavailable(f"nobody replies to {topic}")
        try:
            async with asyncio.timeout(timeout):
                return await handler(content)
        except Exception as error:
            raise Unavailable(f"no reply to {topic}: {error}") from error

    def on_connection_change(self, callback: Callable[[bool], None]) -> None:
        self._callbacks.append(callback)

    async def close(self) -> None:
        self._closed = True
        await cancel(*self._tasks)

    async def _reach(self) -> None:
        await asyncio.sleep(0)  # others get their turn, as with a server
        if not self.connected:
            raise Unavailable("there is no connection")

    def _change(self, connected: bool) -> None:
        if connected != self._connected:
            self._connected = connected
            for callback in self._callbacks:
                callback(connected)
