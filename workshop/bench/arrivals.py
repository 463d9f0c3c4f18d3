"""When documents arrive in collections, seen through change streams."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pymongo.collection import Collection

Document = dict[str, Any]
Seen = Callable[[Document], str | None]
"""Tells from a change which arrival it is, if it is any."""


class Arrivals(threading.Thread):
    """Notes when what is `wanted` arrives in `collection`, by the monotonic clock, for at most `patience`
    seconds.
    """

    def __init__(self, collection: Collection[Document], wanted: int, patience: float, seen: Seen) -> None:
        super().__init__(name=collection.full_name, daemon=True)
        self.times: dict[str, float] = {}
        self.watches = threading.Event()
        self._collection, self._wanted, self._patience, self._seen = collection, wanted, patience, seen

    def run(self) -> None:
        """Watch."""
        deadline = time.monotonic() + self._patience
        with self._collection.watch(max_await_time_ms=200, full_document="updateLookup") as stream:
            self.watches.set()
            while len(self.times) < self._wanted and time.monotonic() < deadline:
                change = stream.try_next()
                if change is not None and (name := self._seen(change)) is not None:
                    self.times.setdefault(name, time.monotonic())


@contextmanager
def watching(
    collections: Sequence[Collection[Document]], wanted: int, patience: float, seen: Seen
) -> Iterator[list[Arrivals]]:
    """Arrivals in each of the collections, waited for at the end of the block. Raises RuntimeError when some
    are missing by then.
    """
    watchers = [Arrivals(each, wanted, patience, seen) for each in collections]
    for each in watchers:
        each.start()
    for each in watchers:
        each.watches.wait(30)
    yield watchers
    for each in watchers:
        each.join()
        if len(each.times) < wanted:
            raise RuntimeError(f"Only {len(each.times)} of {wanted} arrived in {each.name}.")


def by_id(change: Document) -> str | None:
    """The document's id."""
    return str(change["documentKey"]["_id"])
