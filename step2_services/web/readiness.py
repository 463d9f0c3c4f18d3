"""The readiness of the face.

It becomes ready when every service has been ready once, and stays ready as long as the first page works.
"""

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from kit.server.latch import Latch

NEEDED = frozenset({"posts"})
"""The services that the first page needs. The others may be away, once all have been ready."""

NEVER_NEEDED = frozenset({"smtp"})
PAUSE = 0.5

ALL_WERE_READY = Latch()
"""It is set once every service has been ready. The face's workers share it, as it is made before they are
forked.
"""

log = structlog.stdlib.get_logger(__name__)


class OptionalParts:
    """The parts without which the face is ready: none until all parts have been ready once.

    `health` returns whether each part is ready. A thread calls it until all have been.
    """

    def __init__(self, health: Callable[[], Mapping[str, bool]], latch: Latch = ALL_WERE_READY) -> None:
        self._health, self._latch = health, latch
        threading.Thread(target=self._watch, name="ready", daemon=True).start()

    def __contains__(self, part: object) -> bool:
        return part in NEVER_NEEDED or (self._latch.is_set and part not in NEEDED)

    def _watch(self) -> None:
        while not self._latch.is_set:
            if all(is_ready or part in NEVER_NEEDED for part, is_ready in self._health().items()):
                self._latch.set()
                log.info("all services have been ready")
            else:
                time.sleep(PAUSE)
