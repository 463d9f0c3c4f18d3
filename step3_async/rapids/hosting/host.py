"""An instance's part in the rapids and the registry, in a thread beside the requests."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Protocol

import structlog

from kit.http.problems import Problem
from kit.settings import ServiceSettings
from step3_async.rapids.announce import Announcer
from step3_async.rapids.connect import connect
from step3_async.rapids.hosting.settings import get_own_url
from step3_async.rapids.signals import Announcement
from step3_async.rapids.transport import Transport, Unavailable

HEARD_SECONDS = 0.3
"""Until all gateways have heard who leaves, and what they were sending is here."""

EXTENSION = "rapids"
"""Where an application has its Host, among its extensions."""

LEAVING_SECONDS, STOPPING_SECONDS = 1.0, 8.0
LOOK_SECONDS, LOOK_SOON_SECONDS = 1.0, 0.2
"""How often an instance looks whether it is well, when it is, and until then."""

ILL_SECONDS = 3.0
"""How long an instance must be unwell before it says so: a busy machine answers late now and then."""

log = structlog.stdlib.get_logger(__name__)


class Part(Protocol):
    """What an instance does with the transport; see Taking."""

    @property
    def takes(self) -> list[str]:
        """The domains whose events it takes."""

    @property
    def ready(self) -> bool:
        """Whether it has taken what it needs for a start."""

    @property
    def behind(self) -> int:
        """How many events are yet to be taken."""

    async def run(self) -> None:
        """Work, until stopped."""

    async def stop(self) -> None:
        """Finish what is at work, and end `run`."""


class Host:
    """An instance of `service`: announced with `tags`, and a part of its own run, from `start` to `stop`.

    `is_well` says whether it can do its work, taking its time, and `load` how much it has at the moment.
    """

    def __init__(
        self,
        service: str,
        tags: Sequence[str] = (),
        part: Callable[[Transport], Part] | None = None,
        *,
        is_well: Callable[[], bool],
        load: Callable[[], int],
    ) -> None:
        self._service, self._tags, self._make_part = service, list(tags), part
        self._is_well, self._load = is_well, load
        self._version = ServiceSettings.read().version
        self._instance = ServiceSettings.read().instance or f"{service}-{os.getpid()}"
        self._url = get_own_url()
        self._well = False
        self._well_at = float("-inf")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="rapids", daemon=True)
        self._ended = asyncio.Event()
        self._transport: Transport | None = None
        self._announcer: Announcer | None = None
        self._part: Part | None = None

    def start(self) -> None:
        """Begin; in the process that answers requests, so after forking."""
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether events and signals come through now."""
        return self._transport is not None and self._transport.connected

    @property
    def filled(self) -> bool:
        """Whether what it takes is there, and what had happened before the start is in it."""
        return self._make_part is None or (self._part is not None and self._part.ready)

    def leave(self) -> None:
        """Tell that the instance goes, and wait until that has been heard."""
        if self._announcer:
            self._do(self._announcer.leave(), LEAVING_SECONDS)
            if self.connected:
                time.sleep(HEARD_SECONDS)

    def stop(self) -> None:
        """End the thread, what it has begun finished; within a few seconds."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(STOPPING_SECONDS)

    def describe(self) -> Announcement:
        """How it is now."""
        part = self._part
        return Announcement(
            service=self._service,
            version=self._version,
            instance=self._instance,
            url=self._url,
            tags=self._tags,
            takes=part.takes if part else [],
            state="up" if self._well and (part is None or part.ready) else "busy",
            load=self._load(),
            behind=part.behind if part else 0,
            pid=os.getpid(),
        )

    def _do(self, work: Coroutine[Any, Any, None], patience: float) -> None:
        try:
            asyncio.run_coroutine_threadsafe(work, self._loop).result(patience)
        except FutureTimeoutError:
            log.warning("leaving takes too long")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._work())
        except Exception:
            log.exception("this instance is not in the registry, and takes no events, until it is restarted")
        finally:
            self._loop.close()

    async def _work(self) -> None:
        self._transport = transport = await connect(self._service)
        self._part = part = self._make_part(transport) if self._make_part else None
        watching = asyncio.create_task(self._watch(), name="watch")
        running = asyncio.create_task(part.run(), name="part") if part else None
        try:
            self._announcer = await self._announced(transport)
            await self._ended.wait()
            await self._announcer.leave()
        finally:
            watching.cancel()
            if part and running:
                await part.stop()
                await asyncio.wait({running}, timeout=LEAVING_SECONDS)
            await transport.close()

    async def _announced(self, transport: Transport) -> Announcer:
        announcer = Announcer(transport, self.describe)
        while True:
            try:
                await announcer.start()
                return announcer
            except Unavailable as error:
                log.warning("not announced yet", reason=str(error))
                await asyncio.sleep(LOOK_SECONDS)

    async def _watch(self) -> None:
        while True:
            if await asyncio.to_thread(self._feels_well):
                self._well, self._well_at = True, time.monotonic()
            elif time.monotonic() - self._well_at > ILL_SECONDS:
                self._well = False
            await asyncio.sleep(LOOK_SECONDS if self._well else LOOK_SOON_SECONDS)

    def _feels_well(self) -> bool:
        try:
            return self._is_well()
        except Problem:
            return False
