"""When the face is ready: once every service has been, and from then on as long as the first page works."""

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from kit.server.latch import Latch

NEEDED = frozenset({"posts"})
"""Without the first page there is nothing to go on from. All else may be away, once it has been there."""

NEVER_NEEDED = frozenset({"smtp"})
PAUSE = 0.5

ALL_WERE_THERE = Latch()
"""Shut once every service has been ready. The face's workers share it: it is made before they are forked."""

log = structlog.stdlib.get_logger(__name__)


class CanDoWithout:
    """The parts that the face is ready without; `health` returns all parts, and whether each is there.

    It looks by itself until all were there.
    """

    def __init__(self, health: Callable[[], Mapping[str, bool]], latch: Latch = ALL_WERE_THERE) -> None:
        self._health, self._latch = health, latch
        threading.Thread(target=self._watch, name="ready", daemon=True).start()

    def __contains__(self, part: object) -> bool:
        return part in NEVER_NEEDED or (self._latch.is_shut and part not in NEEDED)

    def _watch(self) -> None:
        while not self._latch.is_shut:
            if all(is_there or part in NEVER_NEEDED for part, is_there in self._health().items()):
                self._latch.shut()
                log.info("all services have been ready")
            else:
                time.sleep(PAUSE)
