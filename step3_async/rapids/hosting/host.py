"""The host keeps an instance in the registry and runs its part in the rapids, in a thread beside requests."""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Protocol

import structlog

from kit.http.problems import Problem
from kit.settings import ServiceSettings
from step3_async.rapids.announcer import Announcer
from step3_async.rapids.bus import Bus, Unavailable
from step3_async.rapids.connect import connect as connect_to_bus
from step3_async.rapids.hosting.settings import HostingSettings
from step3_async.rapids.messages import AnnouncedPath, Announcement

LEFT_SECONDS = 0.3
"""How long to wait until all gateways know that the instance leaves, and their last requests have arrived."""

EXTENSION = "rapids"
"""The name of the Host among an application's extensions."""

LEAVING_SECONDS, STOPPING_SECONDS = 1.0, 8.0
LOOK_SECONDS, LOOK_SOON_SECONDS = 1.0, 0.2
"""Seconds between two health checks: when the instance is healthy, and until then."""

UNHEALTHY_SECONDS = 3.0
"""How long checks must fail before an instance announces it: a busy machine is late now and then."""

Connect = Callable[[], Awaitable[Bus]]

log = structlog.stdlib.get_logger(__name__)


class Part(Protocol):
    """The part of an instance that works with the bus: a ProjectionRunner, or capture."""

    @property
    def tags(self) -> Sequence[str]:
        """Tags to announce besides those of the service."""

    @property
    def subscriptions(self) -> Sequence[str]:
        """The domains whose events it projects."""

    @property
    def ready(self) -> bool:
        """Whether the instance may be ready, as far as this part is concerned."""

    @property
    def pending(self) -> int:
        """How many events are not projected yet."""

    async def run(self) -> None:
        """Work until `stop`."""

    async def stop(self) -> None:
        """Finish, and end `run`."""


class Host:
    """Announces an instance of `service` with `tags` and `paths`, and runs its part, from `start` to `stop`.

    A path may be given as its template alone. `is_healthy` may be slow. `load` returns the number of requests
    in flight.
    """

    def __init__(
        self,
        service: str,
        tags: Sequence[str] = (),
        part: Callable[[Bus], Part] | None = None,
        *,
        paths: Sequence[AnnouncedPath | str] = (),
        connect: Connect | None = None,
        is_healthy: Callable[[], bool],
        load: Callable[[], int],
    ) -> None:
        self._service, self._tags, self._make_part = service, list(tags), part
        self._paths = [AnnouncedPath(template=each) if isinstance(each, str) else each for each in paths]
        self._connect = connect or (lambda: connect_to_bus(service))
        self._is_healthy, self._load = is_healthy, load
        self._version = ServiceSettings.read().version
        self._instance = ServiceSettings.read().instance or f"{service}-{socket.gethostname()}-{os.getpid()}"
        self._url = HostingSettings.read().get_own_url()
        self._healthy = False
        self._healthy_at = float("-inf")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="rapids", daemon=True)
        self._ended = asyncio.Event()
        self._bus: Bus | None = None
        self._announcer: Announcer | None = None
        self._part: Part | None = None

    def start(self) -> None:
        """Start the thread. Call it after forking, in the process that serves requests."""
        self._thread.start()

    @property
    def connected(self) -> bool:
        """Whether there is a connection to the bus now."""
        return self._bus is not None and self._bus.connected

    @property
    def ready(self) -> bool:
        """Whether its part is ready."""
        return self._make_part is None or (self._part is not None and self._part.ready)

    def leave(self) -> None:
        """Announce that the instance leaves, and wait until all gateways know."""
        if self._announcer:
            self._do(self._announcer.leave(), LEAVING_SECONDS)
            if self.connected:
                time.sleep(LEFT_SECONDS)

    def stop(self) -> None:
        """Finish, and end the thread, within a few seconds."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(STOPPING_SECONDS)

    def describe(self) -> Announcement:
        """Return the announcement of this moment."""
        part = self._part
        return Announcement(
            service=self._service,
            version=self._version,
            instance=self._instance,
            url=self._url,
            tags=[*self._tags, *(part.tags if part else ())],
            subscriptions=list(part.subscriptions) if part else [],
            paths=self._paths,
            state="up" if self._healthy and (part is None or part.ready) else "starting",
            load=self._load(),
            pending=part.pending if part else 0,
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
            log.exception(
                "this instance is not in the registry, and processes no events, until it is restarted"
            )
        finally:
            self._loop.close()

    async def _work(self) -> None:
        self._bus = bus = await self._connect()
        self._part = part = self._make_part(bus) if self._make_part else None
        watching = asyncio.create_task(self._watch(), name="watch")
        running = asyncio.create_task(part.run(), name="part") if part else None
        try:
            self._announcer = await self._announced(bus)
            await self._ended.wait()
            await self._announcer.leave()
        finally:
            watching.cancel()
            if part and running:
                await part.stop()
                await asyncio.wait({running}, timeout=LEAVING_SECONDS)
            await bus.close()

    async def _announced(self, bus: Bus) -> Announcer:
        announcer = Announcer(bus, self.describe)
        while True:
            try:
                await announcer.start()
                return announcer
            except Unavailable as error:
                log.warning("not announced yet", reason=str(error))
                await asyncio.sleep(LOOK_SECONDS)

    async def _watch(self) -> None:
        while True:
            if await asyncio.to_thread(self._check):
                self._healthy, self._healthy_at = True, time.monotonic()
            elif time.monotonic() - self._healthy_at > UNHEALTHY_SECONDS:
                self._healthy = False
            await asyncio.sleep(LOOK_SECONDS if self._healthy else LOOK_SOON_SECONDS)

    def _check(self) -> bool:
        try:
            return self._is_healthy()
        except Problem:
            return False
