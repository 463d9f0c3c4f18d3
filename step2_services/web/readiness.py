"""The readiness of the face: it is ready once every service has been, and then as long as the first page
works.
"""

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from kit.server.latch import Latch

NEEDED = frozenset({"posts"})
"""The first page is needed to get to all others. The other services may be away, once they have been there.
"""

NEVER_NEEDED = frozenset({"smtp"})
PAUSE = 0.5

ALL_WERE_THERE = Latch()
"""It is shut once every service has been ready. The face's workers share it, as it is made before they are
forked.
"""

log = structlog.stdlib.get_logger(__name__)


class CanDoWithout:
    """The parts that the face is ready without; `health` returns all parts, and whether each is there.

    It checks by itself until all were there.
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
