"""Whether a taker's copies are filled: until then its verbs would give half an answer."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from kit.changes.copies import Copy
from kit.clients.rest import Rest
from kit.http.problems import Problem
from kit.server.latch import Latch

PAUSE = 0.25
ASK_SECONDS = 2.0
PATIENCE = 30.0
"""Seconds that whoever synchronises may be away at a start. From then on copies that were filled once serve:
that they lag is no reason to serve nothing.
"""

log = structlog.stdlib.get_logger(__name__)


class Filled:
    """Whether copies that `taker` takes have been filled, and what had happened before the start is in them.

    That is so for good: later lag does not count.
    """

    def __init__(self, taker: str, takes: Mapping[str, Copy], sync: Rest) -> None:
        self._taker, self._takes, self._sync = taker, dict(takes), sync
        self._started, self._began = datetime.now(UTC), time.monotonic()
        self._latch = Latch()
        threading.Thread(target=self._watch, name="filled", daemon=True).start()

    def __call__(self) -> bool:
        """Whether it is so by now."""
        return self._latch.is_shut

    def _watch(self) -> None:
        while not self._are_filled():
            time.sleep(PAUSE)
        self._latch.shut()
        log.info("copies are filled", seconds=round(time.monotonic() - self._began, 1))

    def _are_filled(self) -> bool:
        try:
            if not all(copy.is_filled(name) for name, copy in self._takes.items()):
                return False
        except Problem:
            return False
        try:
            answer = self._sync.call("GET", f"/copies/{self._taker}", read_seconds=ASK_SECONDS)
        except Problem:
            return time.monotonic() - self._began > PATIENCE
        reaches: dict[str, str | None] = answer.json()["reaches"]
        times = [reaches.get(name) for name in self._takes]
        return all(each is not None and datetime.fromisoformat(each) >= self._started for each in times)
