"""Telling the registry about an instance."""

import asyncio
import time
from collections.abc import Callable

from step3_async.rapids.bus import Bus
from step3_async.rapids.messages import HEARTBEAT, HEARTBEAT_SECONDS, PROBE, Announcement
from step3_async.rapids.tasks import cancel

LOOK_SECONDS = 0.2
"""A change of state is told within so long."""


class Announcer:
    """Announces an instance once a second, when its state changes, when somebody asks who is there, and when
    the connection is there again. `describe` says how it is doing; it is called often and must be quick.
    """

    def __init__(self, transport: Bus, describe: Callable[[], Announcement]) -> None:
        self._transport, self._describe = transport, describe
        self._told_at, self._told_state = 0.0, ""
        self._task: asyncio.Task[None] | None = None
        self._gone = False

    async def start(self) -> None:
        """Announce from now on. Raises Unavailable."""
        self._transport.on_connection_change(self._on_change)
        await self._transport.subscribe(PROBE, self._on_who)
        self._task = asyncio.create_task(self._go_on(), name="announce")

    async def leave(self) -> None:
        """Tell that the instance goes, and no more after that."""
        self._gone = True
        if self._task:
            await cancel(self._task)
        await self._tell(self._describe().model_copy(update={"state": "gone"}))

    async def _go_on(self) -> None:
        while True:
            told = self._describe()
            is_due = time.monotonic() - self._told_at >= HEARTBEAT_SECONDS
            if is_due or told.state != self._told_state:
                self._told_at, self._told_state = time.monotonic(), told.state
                await self._tell(told)
            await asyncio.sleep(LOOK_SECONDS)

    async def _tell(self, told: Announcement) -> None:
        topic = f"{HEARTBEAT}.{told.service}.{told.instance}"
        await self._transport.publish(topic, told.model_dump_json().encode())

    async def _on_who(self, _topic: str, _text: bytes) -> None:
        if not self._gone:
            await self._tell(self._describe())

    def _on_change(self, connected: bool) -> None:
        if connected:
            self._told_at = 0.0
