"""Answers that are the same for all, kept until what they were made from changes.

Views tell what their answers depend on, and when that has changed. Whether an answer may be older than what
it depends on is told by counting: it is kept only if nothing of it has settled since its request started.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

from step3_async.gateway import metrics
from step3_async.gateway.messages import DEPENDS_ON, GAPS, Answer, Headers

OVERHEAD = 600
"""Bytes that an entry takes besides its body, about."""

VARIES = frozenset({"accept", "cookie", "authorization"})
"""Headers that an answer may vary by: the first is part of the key, and who sends the others gets none."""

UNKEPT = ("no-store", "private")

Key = tuple[str, str, bytes, tuple[tuple[str, str], ...]]
"""Path, query, what the client accepts, and the versions it gets."""


@dataclass(slots=True)
class Entry:
    """A kept answer, with the headers that those outside see."""

    headers: Headers
    body: bytes
    etag: bytes | None
    depends_on: list[str]


class Cache:
    """At most so many bytes and entries; the least used go first. None while it is `bypassed`, as what is
    kept may have changed unheard.
    """

    def __init__(self, most_bytes: int, most_entries: int) -> None:
        self._most_bytes, self._most_entries = most_bytes, most_entries
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._by_dependency: dict[str, set[Key]] = {}
        self._changed: dict[str, int] = {}
        self._bytes = 0
        self._cleared = 0
        self.moment = 0
        """Counts what has changed."""
        self.bypassed = False

    def get(self, key: Key) -> Entry | None:
        """The answer that is kept, if there is one."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry

    def put(self, key: Key, answer: Answer, since: int) -> Entry | None:
        """Keep the answer to a request that was started at the moment `since`, if that is right."""
        depends_on = answer.all(DEPENDS_ON)
        changed = max((self._changed.get(each, 0) for each in depends_on), default=0)
        is_old = max(changed, self._cleared) > since
        is_large = OVERHEAD + len(answer.body) > self._most_bytes // 8
        if self.bypassed or is_old or is_large or not may_be_kept(answer):
            return None
        if key in self._entries:
            self._remove(key)
        headers = [*answer.without(DEPENDS_ON), (b"cache-status", b"gateway; hit")]
        entry = Entry(headers, answer.body, answer.first(b"etag"), depends_on)
        self._entries[key] = entry
        for each in depends_on:
            self._by_dependency.setdefault(each, set()).add(key)
        self._grow(OVERHEAD + len(entry.body))
        while self._bytes > self._most_bytes or len(self._entries) > self._most_entries:
            self._remove(next(iter(self._entries)))
        return entry

    def drop(self, dependency: str) -> None:
        """Forget all that was made from this: `<service>.<domain>`."""
        self.moment += 1
        self._changed[dependency] = self.moment
        keys = self._by_dependency.get(dependency)
        if keys:
            metrics.CACHE.labels("dropped").inc(len(keys))
            self._remove_all(list(keys))

    def clear(self) -> None:
        """Forget everything, and keep no answer to what was asked before."""
        self.moment += 1
        self._cleared = self.moment
        metrics.CACHE.labels("dropped").inc(len(self._entries))
        self._remove_all(list(self._entries))

    def _remove_all(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._remove(key)

    def _remove(self, key: Key) -> None:
        entry = self._entries.pop(key)
        for each in entry.depends_on:
            keys = self._by_dependency[each]
            keys.discard(key)
            if not keys:
                del self._by_dependency[each]
        self._grow(-OVERHEAD - len(entry.body))

    def _grow(self, size: int) -> None:
        self._bytes += size
        metrics.CACHED_BYTES.set(self._bytes)


def may_be_kept(answer: Answer) -> bool:
    """Whether an answer is the same for all, and whole."""
    names = {name for name, _ in answer.headers}
    if answer.status != 200 or DEPENDS_ON not in names or not names.isdisjoint((b"set-cookie", GAPS)):
        return False
    varies = {each.lower() for each in answer.all(b"vary")}
    policy = {each.lower() for each in answer.all(b"cache-control")}
    return varies <= VARIES and policy.isdisjoint(UNKEPT)
