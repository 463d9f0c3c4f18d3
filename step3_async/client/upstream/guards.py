"""Guards of calls to an instance: retry budget, breaker and bulkhead.

They keep a slow or dead instance from slowing down the rest of the system.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable

from kit.http.problems import DependencyUnavailable
from step3_async.client import metrics

RETRY_SHARE = 0.2
"""How many retries each request adds to the budget."""

RETRY_RESERVE = 10.0
"""The retries that are allowed when there are few requests; the budget regains one of them each second."""

RETRY_MOST = 100.0

FAILURES_IN_A_ROW = 5
"""So many failures in a row open a breaker."""

WINDOW = 20
WINDOW_SHARE = 0.5
"""So large a share of failures among the last WINDOW calls opens a breaker, too."""

OPEN_SECONDS = (1.0, 2.0)
"""A breaker stays open for a random time between these, so that gateways do not try again all at once."""

QUEUE = 256
QUEUE_SECONDS = 1.0


class RetryBudget:
    """A bucket of tokens, one for each retry. It keeps retries from multiplying the load of a failing
    system.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = RETRY_RESERVE
        self._clock = clock
        self._filled_at = clock()

    def earn(self) -> None:
        """Add the share of a retry that one request earns."""
        self._tokens = min(RETRY_MOST, self._tokens + RETRY_SHARE)

    def spend(self) -> bool:
        """Take a token for a retry. Return whether there was one."""
        now = self._clock()
        if self._tokens < RETRY_RESERVE:
            self._tokens = min(RETRY_RESERVE, self._tokens + now - self._filled_at)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Breaker:
    """Stops calls to an instance that keeps failing. After a moment it lets one call through, whose result
    decides whether others follow.
    """

    __slots__ = ("_allowed_from", "_in_a_row", "_recent", "_service", "is_open")

    def __init__(self, service: str) -> None:
        self._service = service
        self.is_open = False
        self._allowed_from = 0.0
        self._in_a_row = 0
        self._recent: deque[bool] = deque(maxlen=WINDOW)

    def allows(self, now: float) -> bool:
        """Return whether a call may be sent at the time `now`."""
        return not self.is_open or now >= self._allowed_from

    def begin(self, now: float) -> None:
        """Note that a call is sent. While the breaker is open no other follows for a moment."""
        if self.is_open:
            self._wait(now)

    def succeed(self) -> None:
        """Note a good response, which closes the breaker."""
        if self.is_open:
            self.is_open = False
            self._recent.clear()
        self._in_a_row = 0
        self._recent.append(True)

    def fail(self, now: float) -> None:
        """Note that there was no response, or a bad one."""
        self._in_a_row += 1
        self._recent.append(False)
        failed = self._recent.count(False)
        if self.is_open or self._in_a_row >= FAILURES_IN_A_ROW or failed >= WINDOW_SHARE * WINDOW:
            self.trip(now)

    def trip(self, now: float) -> None:
        """Open at once, as after a refused connection."""
        if not self.is_open:
            metrics.BREAKERS_OPENED.labels(self._service).inc()
        self.is_open = True
        self._wait(now)

    def _wait(self, now: float) -> None:
        self._allowed_from = now + random.uniform(*OPEN_SECONDS)  # noqa: S311 - no secret


class Overloaded(DependencyUnavailable):
    """A part has too much to do already."""

    def __init__(self, part: str) -> None:
        super().__init__(part, retry_after=1)
        self.args = (f"{part} has too much to do at the moment. Please try again shortly.",)


class Bulkhead:
    """Limits calls to so many `at_once`. Up to `queue` more wait, each for `patience` seconds at most."""

    def __init__(self, part: str, at_once: int, queue: int = QUEUE, patience: float = QUEUE_SECONDS) -> None:
        self._part = part
        self._room = asyncio.Semaphore(at_once)
        self._queue, self._patience = queue, patience
        self._waiting = 0

    async def enter(self, seconds: float) -> None:
        """Wait until a call may begin; `leave` must follow. Raises Overloaded if that takes too long."""
        if not self._room.locked():
            await self._room.acquire()
            return
        if self._waiting >= self._queue:
            raise Overloaded(self._part)
        self._waiting += 1
        try:
            async with asyncio.timeout(min(seconds, self._patience)):
                await self._room.acquire()
        except TimeoutError:
            raise Overloaded(self._part) from None
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        """Note that a call is over, and let the one that has waited longest begin."""
        self._room.release()
