"""Equal questions at the same time are asked once."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from kit.http.problems import Problem
from step3_async.gateway.cache import Cache, Entry, Key, may_be_kept
from step3_async.gateway.messages import Answer

ABANDONED: Literal["abandoned"] = "abandoned"

Landed = Entry | Problem | Literal["abandoned"] | None
"""An answer for all, what kept it from all, that whoever asked has left, or nothing that others could use."""

REMEMBERED = 1000
"""Questions whose answers turned out to be for one only, so that nobody need wait for another's."""


@dataclass(slots=True)
class Flight:
    """A question under way since the moment `since`; `landed` becomes what all get of it."""

    since: int
    landed: asyncio.Future[Landed]


class Flights:
    """Questions whose answers may be kept in `cache`."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._under_way: dict[Key, Flight] = {}
        self._unshared: OrderedDict[Key, None] = OrderedDict()

    async def ask(self, key: Key, seconds: float, ask: Callable[[], Awaitable[Answer]]) -> Entry | Answer:
        """What another question of this key is answered within `seconds`, if that may be shared; else the
        answer to our own. Raises what `ask` raises.
        """
        if key in self._unshared:
            return await ask()
        flight = self._under_way.get(key)
        # What has begun before the last change might not show it.
        if flight is not None and flight.since == self._cache.moment:
            landed = await self._landed(flight, seconds)
            if isinstance(landed, Problem):
                raise landed
            if landed == ABANDONED:
                return await self.ask(key, seconds, ask)
            return landed or await ask()
        return await self._fly(key, ask)

    async def _landed(self, flight: Flight, seconds: float) -> Landed:
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(flight.landed)
        except TimeoutError:
            return None

    async def _fly(self, key: Key, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        flight = Flight(self._cache.moment, asyncio.get_running_loop().create_future())
        self._under_way[key] = flight
        landed: Landed = ABANDONED
        try:
            answer = await ask()
            landed = self._cache.put(key, answer, flight.since)
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR and not may_be_kept(answer):
                self._note_unshared(key)
            return answer
        except Problem as problem:
            landed = problem
            raise
        finally:
            flight.landed.set_result(landed)
            if self._under_way.get(key) is flight:
                del self._under_way[key]

    def _note_unshared(self, key: Key) -> None:
        self._unshared[key] = None
        if len(self._unshared) > REMEMBERED:
            self._unshared.popitem(last=False)
