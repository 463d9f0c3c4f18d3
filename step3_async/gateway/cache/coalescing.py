"""Request coalescing: of equal requests at the same time one is sent, and the others share its response."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from starlette.responses import Response

from kit.http.problems import Problem
from step3_async.gateway.cache.response_cache import ResponseCache, may_be_kept
from step3_async.gateway.ingress.request import CacheKey

ABANDONED: Literal["abandoned"] = "abandoned"

Outcome = Response | Problem | Literal["abandoned"] | None
"""A response or a problem for all, that the client who asked has left, or nothing that others can use."""

REMEMBERED = 1000
"""Keys whose responses turned out to be for one client only, so that nobody need wait for another's."""


@dataclass(slots=True)
class InProgress:
    """A request sent at the moment `since`; `outcome` becomes what all get of it."""

    since: int
    outcome: asyncio.Future[Outcome]


class Coalescing:
    """Shares requests whose responses may be kept in `cache`."""

    def __init__(self, cache: ResponseCache) -> None:
        self._cache = cache
        self._in_progress: dict[CacheKey, InProgress] = {}
        self._unshared: OrderedDict[CacheKey, None] = OrderedDict()

    async def fetch(
        self, key: CacheKey, seconds: float, fetch: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Return the response to a request of this key that is in progress, if it comes within `seconds` and
        may be shared; else that of `fetch`. Raises what `fetch` raises.
        """
        if key in self._unshared:
            return await fetch()
        other = self._in_progress.get(key)
        # A request that began before the last change might not show it.
        if other is None or other.since != self._cache.moment:
            return await self._fetch_for_all(key, fetch)
        outcome = await self._outcome(other, seconds)
        if isinstance(outcome, Problem):
            raise outcome
        if outcome == ABANDONED:
            return await self.fetch(key, seconds, fetch)
        return await fetch() if outcome is None else outcome

    async def _outcome(self, other: InProgress, seconds: float) -> Outcome:
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(other.outcome)
        except TimeoutError:
            return None

    async def _fetch_for_all(self, key: CacheKey, fetch: Callable[[], Awaitable[Response]]) -> Response:
        own = InProgress(self._cache.moment, asyncio.get_running_loop().create_future())
        self._in_progress[key] = own
        outcome: Outcome = ABANDONED
        try:
            response = await fetch()
            outcome = self._cache.put(key, response, own.since)
            if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR and not may_be_kept(response):
                self._note_unshared(key)
            return response
        except Problem as problem:
            outcome = problem
            raise
        finally:
            own.outcome.set_result(outcome)
            if self._in_progress.get(key) is own:
                del self._in_progress[key]

    def _note_unshared(self, key: CacheKey) -> None:
        self._unshared[key] = None
        if len(self._unshared) > REMEMBERED:
            self._unshared.popitem(last=False)
