"""Fetching changes from an owner, once for all who take them."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import orjson

from kit.clients.rest import Rest
from kit.http.problems import Problem
from step2_services.replication.batch import Batch

KEPT = 6
"""Answers kept for takers that come a little later; what one owner's batches need in memory stays bounded."""


class Owner:
    """The changes that a service tells. What is asked again within `fresh` seconds is not fetched again."""

    def __init__(self, service: Rest, token: Callable[[], str], fresh: float) -> None:
        self._service, self._token, self._fresh = service, token, fresh
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[str, str | None, int], tuple[float, Batch | Problem]] = OrderedDict()

    def after(self, what: str, cursor: str | None, most: int) -> Batch:
        """At most so many changes after `cursor`. Raises Gone, and the Problems of a service that is away."""
        with self._lock:
            key = (what, cursor, most)
            known = self._answers.get(key)
            if known is None or time.monotonic() - known[0] >= self._fresh:
                known = self._answers[key] = self._ask(what, cursor, most)
                while len(self._answers) > KEPT:
                    self._answers.popitem(last=False)
        _, answer = known
        if isinstance(answer, Problem):
            raise answer
        return answer

    def _ask(self, what: str, cursor: str | None, most: int) -> tuple[float, Batch | Problem]:
        """The answer, and since when it is known. Who waited meanwhile shares it, a failure, too."""
        asked = time.monotonic()
        params = {"most": most, **({"after": cursor} if cursor is not None else {})}
        try:
            answer = self._service.call("GET", f"/changes/{what}", token=self._token(), params=params)
        except Problem as problem:
            return time.monotonic(), problem
        return asked, Batch.model_construct(**orjson.loads(answer.content))
