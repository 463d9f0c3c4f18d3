"""A river in memory, and what it hands out."""

import asyncio
import time
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import count

from step3_async.rapids.transport import Unavailable

LOOK_SECONDS = 0.01


class Course:
    """What all readers of a river share: what is to be handed out, and what was and is not answered."""

    def __init__(self, name: str, domains: Sequence[str], identity: str, ack_seconds: float) -> None:
        self.name, self.domains, self.identity = name, frozenset(domains), identity
        self._ack_seconds = ack_seconds
        self._order = count()
        self._due: list[tuple[float, int, bytes, int]] = []
        self._out: dict[int, tuple[float, bytes, int]] = {}

    def renew(self, identity: str) -> None:
        """Lose everything."""
        self.identity = identity
        self._due, self._out = [], {}

    def add(self, raw: bytes, tries: int = 0, after: float = 0.0) -> None:
        """Something is to be handed out, in so many seconds."""
        heappush(self._due, (time.monotonic() + after, next(self._order), raw, tries))

    def take(self, most: int) -> list["MemoryDelivery"]:
        """Hand out what is due."""
        now = time.monotonic()
        for number, (until, raw, tries) in list(self._out.items()):
            if until <= now:
                del self._out[number]
                self.add(raw, tries)
        taken: list[MemoryDelivery] = []
        while self._due and self._due[0][0] <= now and len(taken) < most:
            _, number, raw, tries = heappop(self._due)
            self._out[number] = now + self._ack_seconds, raw, tries + 1
            taken.append(MemoryDelivery(self, number, raw, tries + 1))
        return taken

    @property
    def pending(self) -> int:
        """How much is not answered for good."""
        return len(self._due) + len(self._out)

    def done(self, number: int) -> None:
        """It needs not come again."""
        self._out.pop(number, None)

    def again(self, number: int, after: float) -> None:
        """It is to come again."""
        if number in self._out:
            _, raw, tries = self._out.pop(number)
            self.add(raw, tries, after)

    def keep(self, number: int) -> None:
        """It is still being dealt with."""
        if number in self._out:
            _, raw, tries = self._out[number]
            self._out[number] = time.monotonic() + self._ack_seconds, raw, tries


class MemoryDelivery:
    """See Delivery."""

    def __init__(self, course: Course, number: int, raw: bytes, tries: int) -> None:
        self.raw, self.tries = raw, tries
        self._course, self._number, self._identity = course, number, course.identity

    async def acknowledge(self) -> None:
        """See Delivery."""
        if self._is_known():
            self._course.done(self._number)

    async def retry(self, after: float) -> None:
        """See Delivery."""
        if self._is_known():
            self._course.again(self._number, after)

    async def keep(self) -> None:
        """See Delivery."""
        if self._is_known():
            self._course.keep(self._number)

    def _is_known(self) -> bool:
        return self._identity == self._course.identity


class MemoryRiver:
    """See River."""

    def __init__(self, course: Course, begun: bool, connected: Callable[[], bool]) -> None:
        self.begun = begun
        self._course, self._connected = course, connected
        self._open = True

    @property
    def rapids(self) -> str:
        """See River."""
        return self._course.identity

    async def batch(self, most: int, patience: float) -> Sequence[MemoryDelivery]:
        """See River."""
        deadline = time.monotonic() + patience
        while True:
            self._require_connection()
            if taken := self._course.take(most):
                return taken
            if time.monotonic() >= deadline or not self._open:
                return []
            await asyncio.sleep(LOOK_SECONDS)

    async def pending(self) -> int:
        """See River."""
        self._require_connection()
        return self._course.pending

    async def close(self) -> None:
        """See River."""
        self._open = False

    def _require_connection(self) -> None:
        if not self._connected():
            raise Unavailable("there is no connection")
