"""Request coalescing: if equal requests come at the same time, one is sent and all share its response."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.responses import Response

from kit.http.problems import DependencyTimeout
from step3_async.gateway.cache.response_cache import ResponseCache, may_be_kept
from step3_async.gateway.ingress.request import CacheKey

REMEMBERED = 1000
"""How many keys of responses for one client only are remembered. Requests with these keys are not
coalesced.
"""


@dataclass(slots=True)
class InProgress:
    """A request that was sent at the cache's moment `since`. So many clients are `waiting` for its response.

    The task returns the response, and a response that all may share, or None if there is none.
    """

    since: int
    task: asyncio.Task[tuple[Response, Response | None]]
    waiting: int = 0


class Coalescing:
    """Shares requests whose responses may be kept in `cache`."""

    def __init__(self, cache: ResponseCache) -> None:
        self._cache = cache
        self._in_progress: dict[CacheKey, InProgress] = {}
        self._unshared: set[CacheKey] = set()

    async def fetch(
        self, key: CacheKey, seconds: float, fetch: Callable[[], Awaitable[Response]]
    ) -> Response:
        """Wait for a request with this key that is in progress, and share its response if that is allowed.
        Otherwise return the response of `fetch`.

        Raises what `fetch` raises, and DependencyTimeout after `seconds`.
        """
        if key in self._unshared:
            return await fetch()
        shared = self._in_progress.get(key)
        # A request that began before the last change might not show it.
        if is_first := shared is None or shared.since != self._cache.moment:
            shared = self._in_progress[key] = self._start(key, fetch)
        shared.waiting += 1
        try:
            async with asyncio.timeout(seconds):
                response, for_all = await asyncio.shield(shared.task)
        except TimeoutError:
            raise DependencyTimeout("What is at this address") from None
        finally:
            shared.waiting -= 1
            if not shared.waiting:  # the last client has its response, or has left
                shared.task.cancel()
                if self._in_progress.get(key) is shared:
                    del self._in_progress[key]
        if is_first:
            return response
        return await fetch() if for_all is None else for_all

    def _start(self, key: CacheKey, fetch: Callable[[], Awaitable[Response]]) -> InProgress:
        since = self._cache.moment
        return InProgress(since, asyncio.create_task(self._fetch_for_all(key, fetch, since)))

    async def _fetch_for_all(
        self, key: CacheKey, fetch: Callable[[], Awaitable[Response]], since: int
    ) -> tuple[Response, Response | None]:
        response = await fetch()
        if response.status_code < 500 and not may_be_kept(response):
            if len(self._unshared) >= REMEMBERED:
                self._unshared.clear()
            self._unshared.add(key)
        return response, self._cache.put(key, response, since)
