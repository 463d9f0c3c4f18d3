"""Bulkheads: what one service takes of the gateway is bounded, so that a slow one sinks alone."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

from kit.http.problems import DependencyUnavailable

QUEUE = 256
PATIENCE = 1.0


class Bulkhead:
    """Room for `limit()` calls at a time, and for `queue` more that wait for a moment."""

    def __init__(
        self, part: str, limit: Callable[[], int], queue: int = QUEUE, patience: float = PATIENCE
    ) -> None:
        self._part = part
        self._limit = limit
        self._queue, self._patience = queue, patience
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.in_work = 0

    async def enter(self, seconds: float) -> None:
        """Have room for a call; `leave` must follow. Raises DependencyUnavailable when there is none in
        time.
        """
        if self.in_work < self._limit():
            self.in_work += 1
            return
        if len(self._waiting) >= self._queue:
            raise self._full()
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(min(seconds, self._patience)):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self.leave()
            else:
                with contextlib.suppress(ValueError):  # its turn may have come as it gave up
                    self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise self._full() from None
            raise

    def leave(self) -> None:
        """A call has ended; its room goes to whoever waits longest."""
        self.in_work -= 1
        while self._waiting and self.in_work < max(1, self._limit()):
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_work += 1
                turn.set_result(None)

    def _full(self) -> DependencyUnavailable:
        problem = DependencyUnavailable(self._part, retry_after=1)
        problem.args = (f"{self._part} has too much to do at the moment. Please try again shortly.",)
        return problem
