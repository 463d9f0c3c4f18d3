"""Pass on which changes views show: to the cache, and to the commands that wait for them."""

import structlog
from pydantic import ValidationError

from step3_async.gateway.cache.response_cache import ResponseCache
from step3_async.gateway.commands.read_your_writes import AppliedChanges
from step3_async.rapids.bus import Bus
from step3_async.rapids.messages import APPLIED, Applied

log = structlog.stdlib.get_logger(__name__)


class ChangeListener:
    """Listens to the views on `bus`. While there is no connection to it, nothing is cached."""

    def __init__(self, bus: Bus, changes: AppliedChanges, cache: ResponseCache) -> None:
        self._bus, self._changes, self._cache = bus, changes, cache

    async def start(self) -> None:
        """Listen from now on. Raises Unavailable."""
        self._cache.bypassed = not self._bus.connected
        self._bus.on_connection_change(self._on_connection_change)
        await self._bus.subscribe(f"{APPLIED}.*", self._on_applied)

    async def _on_applied(self, topic: str, content: bytes) -> None:
        try:
            applied = Applied.model_validate_json(content)
        except ValidationError:
            log.warning("message not understood", topic=topic)
            return
        # First the cache: whoever waits for this change reads next.
        self._cache.drop(f"{applied.service}.{applied.domain}")
        self._changes.note(applied)

    def _on_connection_change(self, connected: bool) -> None:
        self._cache.bypassed = not connected
        self._cache.clear()
