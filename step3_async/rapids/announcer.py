"""The announcer keeps an instance in the registry by sending heartbeats."""

import asyncio
import time
from collections.abc import Callable

from step3_async.rapids.bus import Bus
from step3_async.rapids.messages import HEARTBEAT, HEARTBEAT_SECONDS, PROBE, Announcement
from step3_async.rapids.tasks import cancel

LOOK_SECONDS = 0.2
"""A change of state is announced within this time."""


class Announcer:
    """Announces an instance once a second, when its state changes, when it is probed, and after a
    reconnection.

    `describe` returns the state of the instance. It is called often and must be quick.
    """

    def __init__(self, bus: Bus, describe: Callable[[], Announcement]) -> None:
        self._bus, self._describe = bus, describe
        self._announced_at, self._announced_state = 0.0, ""
        self._task: asyncio.Task[None] | None = None
        self._is_gone = False

    async def start(self) -> None:
        """Announce from now on. Raises Unavailable."""
        self._bus.on_connection_change(self._on_connection_change)
        await self._bus.subscribe(PROBE, self._on_probe)
        self._task = asyncio.create_task(self._run(), name="announce")

    async def leave(self) -> None:
        """Announce that the instance leaves, and then nothing more."""
        self._is_gone = True
        if self._task:
            await cancel(self._task)
        await self._announce(self._describe().model_copy(update={"state": "gone"}))

    async def _run(self) -> None:
        while True:
            announcement = self._describe()
            is_due = time.monotonic() - self._announced_at >= HEARTBEAT_SECONDS
            if is_due or announcement.state != self._announced_state:
                self._announced_at, self._announced_state = time.monotonic(), announcement.state
                await self._announce(announcement)
            await asyncio.sleep(LOOK_SECONDS)

    async def _announce(self, announcement: Announcement) -> None:
        topic = f"{HEARTBEAT}.{announcement.service}.{announcement.instance}"
        await self._bus.publish(topic, announcement.model_dump_json().encode())

    async def _on_probe(self, _topic: str, _content: bytes) -> None:
        if not self._is_gone:
            await self._announce(self._describe())

    def _on_connection_change(self, connected: bool) -> None:
        if connected:
            self._announced_at = 0.0
