"""Giving up what nobody waits for any more."""

import asyncio
from types import TracebackType

from step3_async.gateway.bodies import Receive

DELAY = 0.1
"""Seconds before it is worth looking whether the client is still there."""


class WhileConnected:
    """What is done in this context is cancelled when the client leaves; the context then ends, `left` set."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None
        self.left = False

    async def __aenter__(self) -> "WhileConnected":
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        self._later = loop.call_later(DELAY, self._begin)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        self._later.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if self.left and kind is asyncio.CancelledError and self._task is not None:
            return self._task.uncancel() == 0
        return False

    def _begin(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.left = True
        if self._task is not None:
            self._task.cancel()
