"""Fetching changes from an owner, once for all who take them."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import orjson

from kit.changes.batch import Batch
from kit.rest import Rest

KEPT = 6
"""Batches kept for takers that come a little later; what one owner's batches need in memory stays bounded."""


class Owner:
    """The changes that a service tells. What is asked again within `fresh` seconds is not fetched again."""

    def __init__(self, service: Rest, token: Callable[[], str], fresh: float) -> None:
        self._service, self._token, self._fresh = service, token, fresh
        self._lock = threading.Lock()
        self._batches: OrderedDict[tuple[str, str | None, int], tuple[float, Batch]] = OrderedDict()

    def after(self, what: str, cursor: str | None, most: int) -> Batch:
        """At most so many changes after `cursor`. Raises Gone, and the Problems of a service that is away."""
        with self._lock:
            key = (what, cursor, most)
            known = self._batches.get(key)
            if known is not None and time.monotonic() - known[0] < self._fresh:
                return known[1]
            asked = time.monotonic()
            params = {"most": most, **({"after": cursor} if cursor is not None else {})}
            answer = self._service.call("GET", f"/changes/{what}", token=self._token(), params=params)
            told = orjson.loads(answer.content)
            batch = Batch.model_construct(**told)
            self._batches[key] = (asked, batch)
            while len(self._batches) > KEPT:
                self._batches.popitem(last=False)
            return batch
