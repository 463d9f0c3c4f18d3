"""The port in memory."""

import asyncio
from collections.abc import Callable, Sequence

from step3_async.rapids.event import Event
from step3_async.rapids.memory.rapids import Rapids
from step3_async.rapids.memory.river import MemoryRiver
from step3_async.rapids.memory.signals import Listener
from step3_async.rapids.transport import Answer, Hear, Kept, Letter, Unavailable


class MemoryTransport:
    """See Transport. All that share one `rapids` hear each other; `lose` and `restore` the connection."""

    def __init__(self, rapids: Rapids) -> None:
        self._rapids = rapids
        self._connected, self._closed = True, False
        self._callbacks: list[Callable[[bool], None]] = []
        self._listeners: list[Listener] = []

    @property
    def connected(self) -> bool:
        """See Transport."""
        return self._connected and not self._closed

    def lose(self) -> None:
        """Have the connection break."""
        self._change(False)

    def restore(self) -> None:
        """Have it be there again."""
        self._change(True)

    async def publish(self, events: Sequence[Event], to: str | None = None) -> None:
        """See Transport."""
        await self._reach()
        self._rapids.publish(events, to)

    async def river(self, name: str, domains: Sequence[str]) -> MemoryRiver:
        """See Transport."""
        await self._reach()
        course, begun = self._rapids.course(name, domains)
        return MemoryRiver(course, begun, lambda: self.connected)

    async def set_aside(self, letter: Letter) -> None:
        """See Transport."""
        await self._reach()
        self._rapids.set_aside(letter)

    async def dead(self, river: str | None = None) -> Sequence[Kept]:
        """See Transport."""
        await self._reach()
        return self._rapids.dead(river)

    async def forget(self, kept: Kept) -> None:
        """See Transport."""
        await self._reach()
        self._rapids.forget(kept)

    async def put_back(self, kept: Kept) -> None:
        """See Transport."""
        await self._reach()
        self._rapids.put_back(kept)

    async def tell(self, topic: str, text: bytes) -> None:
        """See Transport."""
        if self.connected:
            self._rapids.signals.tell(topic, text)

    async def hear(self, topic: str, hear: Hear) -> None:
        """See Transport."""
        listener = Listener(hear)
        self._listeners.append(listener)

        def ear(told: str, text: bytes) -> None:
            if self.connected:
                listener.take(told, text)

        self._rapids.signals.hear(topic, ear)

    async def answer(self, topic: str, answer: Answer) -> None:
        """See Transport."""
        self._rapids.signals.answer(topic, answer, lambda: self.connected)

    async def ask(self, topic: str, text: bytes, patience: float) -> bytes:
        """See Transport."""
        await self._reach()
        answer = self._rapids.signals.answerer(topic)
        if answer is None:
            raise Unavailable(f"nobody answers {topic}")
        try:
            async with asyncio.timeout(patience):
                return await answer(text)
        except Exception as error:
            raise Unavailable(f"no answer to {topic}: {error}") from error

    def on_change(self, callback: Callable[[bool], None]) -> None:
        """See Transport."""
        self._callbacks.append(callback)

    async def close(self) -> None:
        """See Transport."""
        self._closed = True
        for listener in self._listeners:
            await listener.close()

    async def _reach(self) -> None:
        await asyncio.sleep(0)  # others get their turn, as with a server
        if not self.connected:
            raise Unavailable("there is no connection")

    def _change(self, connected: bool) -> None:
        if connected != self._connected:
            self._connected = connected
            for callback in self._callbacks:
                callback(connected)
