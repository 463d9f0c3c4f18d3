"""A client of an owner's feeds. It fetches changes once for all takers."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import orjson

from kit.clients.rest import Rest
from kit.http.problems import Problem
from step2_services.replication.batch import Batch

KEPT = 6
"""How many responses are kept for takers that need the same changes a little later. This limits the memory
for one owner's batches.
"""

FAILED_SECONDS = 0.3
"""For how many seconds an error is kept, at most."""

NEVER = float("-inf")
"""A time before all others."""


class FeedClient:
    """Fetches the changes that a service publishes. A response is used again for `fresh` seconds."""

    def __init__(self, service: Rest, token: Callable[[], str], fresh: float) -> None:
        self._service, self._token, self._fresh = service, token, fresh
        self._lock = threading.Lock()
        self._responses: OrderedDict[tuple[str, str | None, int], tuple[float, Batch | Problem]] = (
            OrderedDict()
        )

    def after(self, what: str, cursor: str | None, most: int, since: float = NEVER) -> Batch:
        """Return at most so many changes of the feed `what` after `cursor`.

        A response to a request from before `since`, a time of `time.monotonic`, is not used again.

        Raises Gone for a cursor that is too old, and the Problems of a service that is away.
        """
        with self._lock:
            key = (what, cursor, most)
            known = self._responses.get(key)
            if known is None or not self._is_fresh(*known, since):
                known = self._responses[key] = self._fetch(what, cursor, most)
                while len(self._responses) > KEPT:
                    self._responses.popitem(last=False)
        _, response = known
        if isinstance(response, Problem):
            raise response
        return response

    def _is_fresh(self, sent: float, response: Batch | Problem, since: float) -> bool:
        fresh = min(self._fresh, FAILED_SECONDS) if isinstance(response, Problem) else self._fresh
        return sent >= max(since, time.monotonic() - fresh)

    def _fetch(self, what: str, cursor: str | None, most: int) -> tuple[float, Batch | Problem]:
        """Fetch changes, and return the time of the request. Threads that waited meanwhile share the result
        or the error.
        """
        sent = time.monotonic()
        params = {"most": most, **({"after": cursor} if cursor is not None else {})}
        try:
            response = self._service.call("GET", f"/changes/{what}", token=self._token(), params=params)
        except Problem as problem:
            return time.monotonic(), problem
        return sent, Batch.model_construct(**orjson.loads(response.content))
