"""What keeps a slow or dead instance from taking others with it."""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Callable

from kit.http.problems import DependencyUnavailable

LONGEST_DEADLINE = 7
"""Digits of a deadline that makes sense."""

RETRY_SHARE = 0.2
"""Retries that each request earns."""

RETRY_RESERVE = 10.0
"""Retries for when there are few requests; one comes back each second."""

RETRY_MOST = 100.0

FAILURES_IN_A_ROW = 5
"""So many open a breaker."""

WINDOW_SECONDS = 10.0
WINDOW_LEAST = 20
WINDOW_SHARE = 0.5
"""So large a share of failures, of at least WINDOW_LEAST requests in a window, opens it as well."""

OPEN_SECONDS = (1.0, 2.0)
"""It stays open for a time between these, so that many gateways do not come back at the same moment."""

QUEUE = 256
QUEUE_SECONDS = 1.0


class Deadline:
    """The end of a request's time, for all that is requested for it."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @classmethod
    def of(cls, header: bytes | None, seconds: float) -> "Deadline":
        """Return the deadline of a request that may take `seconds`, or less if its sender says so."""
        if header is not None and header.isdigit() and len(header) <= LONGEST_DEADLINE:
            seconds = min(seconds, int(header) / 1000)
        return cls(seconds)

    def left(self) -> float:
        """Return the seconds that are left, 0 when it is past."""
        return max(0.0, self._end - time.monotonic())


class RetryBudget:
    """A bucket of tokens that keeps retries from multiplying the load of a system that is failing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._tokens = RETRY_RESERVE
        self._clock = clock
        self._filled_at = clock()

    def earn(self) -> None:
        """Add what one request earns."""
        if self._tokens < RETRY_MOST:
            self._tokens += RETRY_SHARE

    def spend(self) -> bool:
        """Take a token for a retry, and tell whether there was one."""
        now = self._clock()
        if self._tokens < RETRY_RESERVE:
            self._tokens = min(RETRY_RESERVE, self._tokens + now - self._filled_at)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Breaker:
    """Leaves an instance that keeps failing alone. After a moment one request is let through, and decides."""

    __slots__ = ("_calls", "_failures", "_in_a_row", "_open_until", "_trying", "_window_end")

    def __init__(self) -> None:
        self._open_until: float | None = None
        self._trying = False
        self._in_a_row = self._calls = self._failures = 0
        self._window_end = 0.0

    @property
    def is_open(self) -> bool:
        """Whether requests are held back, but for one that tries."""
        return self._open_until is not None

    def allows(self, now: float) -> bool:
        """Tell whether a request may be sent at the time `now`."""
        return self._open_until is None or (now >= self._open_until and not self._trying)

    def begin(self) -> bool:
        """Note that a request is sent, and tell whether it is the one that tries."""
        if self._open_until is not None:
            self._trying = True
        return self._trying

    def end(self, was_trying: bool) -> None:
        """Note that a request is over, whatever came of it."""
        if was_trying:
            self._trying = False

    def succeed(self, now: float) -> None:
        """Note a good response, which closes the breaker."""
        if self._open_until is not None:
            self._open_until, self._trying = None, False
            self._calls = self._failures = 0
        self._in_a_row = 0
        self._count(now, 0)

    def fail(self, now: float) -> None:
        """Note that there was no response, or a bad one."""
        self._in_a_row += 1
        self._count(now, 1)
        is_bad = self._calls >= WINDOW_LEAST and self._failures >= WINDOW_SHARE * self._calls
        if self._open_until is not None or self._in_a_row >= FAILURES_IN_A_ROW or is_bad:
            self.trip(now)

    def trip(self, now: float) -> None:
        """Open at once, as after a refused connection."""
        self._open_until = now + random.uniform(*OPEN_SECONDS)  # noqa: S311 - no secret
        self._trying = False

    def _count(self, now: float, failures: int) -> None:
        if now >= self._window_end:
            self._window_end, self._calls, self._failures = now + WINDOW_SECONDS, 0, 0
        self._calls += 1
        self._failures += failures


class Bulkhead:
    """Room for `limit()` requests at a time, and for `queue` more that wait for a moment."""

    def __init__(
        self, part: str, limit: Callable[[], int], queue: int = QUEUE, patience: float = QUEUE_SECONDS
    ) -> None:
        self._part, self._limit = part, limit
        self._queue, self._patience = queue, patience
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.in_flight = 0

    async def enter(self, seconds: float) -> None:
        """Take room for a request; `leave` must follow. Raises DependencyUnavailable when there is none in
        time.
        """
        if self.in_flight < self._limit():
            self.in_flight += 1
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
        """Give the room of a request to the one that waits longest."""
        self.in_flight -= 1
        while self._waiting and self.in_flight < max(1, self._limit()):
            turn = self._waiting.popleft()
            if not turn.done():
                self.in_flight += 1
                turn.set_result(None)

    def _full(self) -> DependencyUnavailable:
        problem = DependencyUnavailable(self._part, retry_after=1)
        problem.args = (f"{self._part} has too much to do at the moment. Please try again shortly.",)
        return problem
