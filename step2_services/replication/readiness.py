"""The readiness of a service with copies: until they are filled, its responses would lack something."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import structlog

from kit.clients.rest import Rest
from kit.http.problems import Problem
from kit.server.latch import Latch
from step2_services.replication.copies import Copy

PAUSE = 0.25
REPLY_SECONDS = 2.0
PATIENCE = 30.0
"""Seconds that sync may be away at a start. Then copies that were filled once are used: late copies are
better than none.
"""

log = structlog.stdlib.get_logger(__name__)


class CopiesReady:
    """Checks whether the copies of `service` are filled, and have all changes from before its start.

    Once they are ready they stay ready, even if they are late afterwards.
    """

    def __init__(self, service: str, copies: Mapping[str, Copy], sync: Rest) -> None:
        self._service, self._copies, self._sync = service, dict(copies), sync
        self._started, self._began = datetime.now(UTC), time.monotonic()
        self._latch = Latch()
        threading.Thread(target=self._watch, name="filled", daemon=True).start()

    def __call__(self) -> bool:
        """Return whether they are ready."""
        return self._latch.is_set

    def _watch(self) -> None:
        while not self._are_filled():
            time.sleep(PAUSE)
        self._latch.set()
        log.info("copies are filled", seconds=round(time.monotonic() - self._began, 1))

    def _are_filled(self) -> bool:
        try:
            if not all(copy.is_filled(name) for name, copy in self._copies.items()):
                return False
        except Problem:
            return False
        try:
            response = self._sync.call("GET", f"/copies/{self._service}", read_seconds=REPLY_SECONDS)
        except Problem:
            return time.monotonic() - self._began > PATIENCE
        reaches: dict[str, str | None] = response.json()["reaches"]
        times = [reaches.get(name) for name in self._copies]
        return all(each is not None and datetime.fromisoformat(each) >= self._started for each in times)
