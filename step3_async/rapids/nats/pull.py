"""Asking the server for messages so that there is always a request for it to answer.

The client's own `fetch` waits until a request is filled or its time is up, and asks only when it is called.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Awaitable, Callable

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from step3_async.rapids.nats.connection import FAILURES, Connection
from step3_async.rapids.nats.consumer import NANOSECONDS
from step3_async.rapids.nats.subjects import RAPIDS
from step3_async.rapids.transport import Unavailable

EXPIRES_SECONDS = 30
HEARTBEAT_SECONDS = 2
SILENT_SECONDS = 2.5 * HEARTBEAT_SECONDS
MOST_BYTES = 16_000_000
LEAST_ROOM = 200
"""Requests for fewer would be many."""

STATUS, DESCRIPTION = "Status", "Description"
HEARTBEAT, NO_MESSAGES, EXPIRED, CONFLICT = "100", "404", "408", "409"
ENOUGH = ("Message Size Exceeds MaxBytes", "Batch Completed")
"""Conflicts by which a request ends as it should."""


class Pull:
    """Fetches for the consumer called `river`; `arrive` is called with each message."""

    def __init__(self, connection: Connection, river: str, arrive: Callable[[Msg], None]) -> None:
        self._connection, self._arrive = connection, arrive
        self._call = f"$JS.API.CONSUMER.MSG.NEXT.{RAPIDS}.{river}"
        self._inbox = connection.new_inbox()
        self._number = 0
        self._left = 0
        """How many the present request may still bring."""
        self._room = 0
        self._heard = 0.0
        self._wake = asyncio.Event()
        self._refusal: str | None = None
        self._subscription: Subscription | None = None

    async def run(self, room: int, look: Callable[[], Awaitable[None]]) -> None:
        """Fetch until the connection is lost, with `look` called now and then. Raises Unavailable when the
        server refuses, or is silent, and one of FAILURES.
        """
        self._room = room
        self._subscription = await self._connection.subscribe(f"{self._inbox}.*", cb=self._hear)
        self._connection.lost.add_done_callback(lambda _: self._wake.set())
        while self._connection.usable:
            if not self._left and self._room >= LEAST_ROOM:
                await self._ask()
            self._wake.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await self._wake.wait()
            if self._refusal is not None:
                raise Unavailable(self._refusal)
            if self._left and time.monotonic() - self._heard > SILENT_SECONDS:
                raise Unavailable(f"the server is silent for {SILENT_SECONDS:g} s")
            await look()
        raise Unavailable("the connection was lost")

    def make_room(self, room: int) -> None:
        """Have at most so many more brought, once the present request has brought all of its."""
        self._room = room
        if not self._left:
            self._wake.set()

    def refuse(self, why: str) -> None:
        """Have `run` end with that reason."""
        self._refusal = why
        self._finish()

    async def end(self) -> None:
        """Fetch no more."""
        if self._subscription and self._connection.usable:
            with contextlib.suppress(*FAILURES):
                await self._subscription.unsubscribe()

    async def _ask(self) -> None:
        self._number += 1
        self._left, self._heard = self._room, time.monotonic()
        told = {
            "batch": self._left,
            "max_bytes": MOST_BYTES,
            "expires": EXPIRES_SECONDS * NANOSECONDS,
            "idle_heartbeat": HEARTBEAT_SECONDS * NANOSECONDS,
        }
        await self._connection.publish(self._call, json.dumps(told).encode(), f"{self._inbox}.{self._number}")

    async def _hear(self, message: Msg) -> None:
        self._heard = time.monotonic()
        if not message.subject.startswith(self._inbox):
            self._arrive(message)
            self._room -= 1
            self._left -= 1
            if self._left <= 0:
                self._finish()
        elif message.subject == f"{self._inbox}.{self._number}":
            self._hear_status(message.headers or {})

    def _hear_status(self, headers: dict[str, str]) -> None:
        status, description = headers.get(STATUS, ""), headers.get(DESCRIPTION, "")
        if status == HEARTBEAT:
            return
        if status not in (NO_MESSAGES, EXPIRED) and not (status == CONFLICT and description in ENOUGH):
            self._refusal = f"the server ended a request: {status} {description}"
        self._finish()

    def _finish(self) -> None:
        self._left = 0
        self._wake.set()
