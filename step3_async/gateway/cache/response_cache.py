"""A cache of responses that are the same for all visitors. They are kept until their data change.

Views name what their responses depend on, and publish when that has changed. A response is current only if
nothing that it depends on has changed since its request began. So a response that was read before a change is
never served after it.
"""

from collections import OrderedDict
from dataclasses import dataclass

from starlette.responses import Response

from step3_async.client.response import values_of
from step3_async.gateway import metrics
from step3_async.gateway.ingress.request import CacheKey
from step3_async.gateway.ingress.responses import for_clients
from step3_async.rapids.headers import DEPENDS_ON, GAPS

OVERHEAD = 600
"""About how many bytes an entry takes besides its body."""

VARY = frozenset({"accept", "cookie", "authorization"})
"""The headers that the header Vary of a cached response may name. The first is a part of the key, and
requests with one of the others get no cached response.
"""

PRIVATE = ("no-store", "private")
HIT = (b"cache-status", b"gateway; hit")

_HITS, _DROPPED = metrics.CACHE.labels("hit"), metrics.CACHE.labels("dropped")


@dataclass(frozen=True, slots=True)
class Entry:
    """A cached response in the form for clients. Its request began at the cache's moment `since`."""

    response: Response
    size: int
    depends_on: list[str]
    since: int


class ResponseCache:
    """Keeps at most so many bytes and entries, and drops the least recently used ones first.

    While it is `bypassed` nothing is kept, as changes may not be noticed.
    """

    def __init__(self, most_bytes: int, most_entries: int) -> None:
        self._most_bytes, self._most_entries = most_bytes, most_entries
        self._entries: OrderedDict[CacheKey, Entry] = OrderedDict()
        self._bytes = 0
        self._changed_at: dict[str, int] = {}
        self._cleared_at = 0
        self.moment = 0
        """The number of changes so far: the clock of this cache."""
        self.bypassed = False

    def get(self, key: CacheKey) -> Response | None:
        """Return the cached response, if there is one and it is current."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if not self._is_current(entry.depends_on, entry.since):
            self._remove(key)
            return None
        self._entries.move_to_end(key)
        _HITS.inc()
        return entry.response

    def put(self, key: CacheKey, response: Response, since: int) -> Response | None:
        """Keep the response to a request that began at the moment `since`, and return it in the kept form.

        Returns None if it must not be kept.
        """
        depends_on = values_of(response, DEPENDS_ON)
        size = OVERHEAD + len(response.body)
        if self.bypassed or size > self._most_bytes // 8 or not may_be_kept(response):
            return None
        if not self._is_current(depends_on, since):
            return None
        if key in self._entries:
            self._remove(key)
        kept = for_clients(response)
        kept.raw_headers.append(HIT)
        self._entries[key] = Entry(kept, size, depends_on, since)
        self._bytes += size
        while self._bytes > self._most_bytes or len(self._entries) > self._most_entries:
            self._remove(next(iter(self._entries)))
        metrics.CACHED_BYTES.set(self._bytes)
        return kept

    def drop(self, dependency: str) -> None:
        """Invalidate all responses that depend on this: `<service>.<domain>`."""
        self.moment += 1
        self._changed_at[dependency] = self.moment

    def clear(self) -> None:
        """Drop everything, and do not keep responses to requests that have begun already."""
        self.moment += 1
        self._cleared_at = self.moment
        for key in list(self._entries):
            self._remove(key)

    def _is_current(self, depends_on: list[str], since: int) -> bool:
        return self._cleared_at <= since and all(
            self._changed_at.get(each, 0) <= since for each in depends_on
        )

    def _remove(self, key: CacheKey) -> None:
        self._bytes -= self._entries.pop(key).size
        metrics.CACHED_BYTES.set(self._bytes)
        _DROPPED.inc()


def may_be_kept(response: Response) -> bool:
    """Return whether a response is the same for all visitors, and complete."""
    headers = response.headers
    if response.status_code != 200 or DEPENDS_ON not in headers or "set-cookie" in headers or GAPS in headers:
        return False
    vary = {each.lower() for each in values_of(response, "vary")}
    policy = {each.lower() for each in values_of(response, "cache-control")}
    return vary <= VARY and policy.isdisjoint(PRIVATE)
