"""Capture: makes events of what owners write."""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import uuid4

import structlog
from pydantic import ValidationError
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from step3_async.contracts.envelope import Document
from step3_async.rapids.announce import Announcer
from step3_async.rapids.bus import Bus, Unavailable
from step3_async.rapids.messages import SNAPSHOT_REQUEST, Announcement, SnapshotAccepted, SnapshotRequest
from step3_async.rapids.tasks import cancel
from step3_async.sync.capture.lead import Lead
from step3_async.sync.capture.metrics import LAG, LEADS
from step3_async.sync.capture.sources import SOURCES

WANTED = SNAPSHOT_REQUEST
Result = TypeVar("Result")

LOOK_SECONDS = 1.0
PAUSE_SECONDS = 0.5

log = structlog.stdlib.get_logger(__name__)


class Capture:
    """One instance. `connect` makes the connection to the rapids; `owners` is what the names of the owners'
    databases begin with; `url`, `version` and `instance` are what the registry is told.
    """

    def __init__(
        self,
        client: AsyncMongoClient[Document],
        connect: Callable[[], Awaitable[Bus]],
        owners: str,
        *,
        url: str = "",
        version: str = "v1",
        instance: str = "capture",
    ) -> None:
        self._client, self._connect, self._owners = client, connect, owners
        self._url, self._version, self._instance = url, version, instance
        self._transport: Bus | None = None
        self._announcer: Announcer | None = None
        self._leads: dict[str, Lead] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._mongodb_answers = False

    def parts(self) -> dict[str, bool]:
        """What it needs, and whether that answers."""
        rapids = self._transport is not None and self._transport.connected
        return {"mongodb": self._mongodb_answers, "rapids": rapids}

    async def start(self) -> None:
        """Begin, and go on in the background, however long something is away."""
        self._tasks = [asyncio.create_task(self._look(), name="look")]
        self._tasks.append(asyncio.create_task(self._begin(), name="begin"))

    async def stop(self) -> None:
        """Leave the registry, and the sources to other instances."""
        if self._announcer:
            with contextlib.suppress(Unavailable):
                await self._announcer.leave()
        await cancel(*self._tasks)
        if self._transport:
            await self._transport.close()
        await self._client.close()

    async def promise(self, text: bytes) -> bytes:
        """Reply to a SnapshotRequest; domains that are not captured are left out of it."""
        try:
            wish = SnapshotRequest.model_validate_json(text)
        except ValidationError:
            log.warning("not understood", topic=WANTED)
            return SnapshotAccepted(runs={}).model_dump_json().encode()
        runs = {
            domain: await self._leads[domain].promise(wish.river, wish.again)
            for domain in wish.domains
            if domain in self._leads
        }
        return SnapshotAccepted(runs=runs).model_dump_json().encode()

    async def _begin(self) -> None:
        transport = self._transport = await self._patiently(self._connect)
        holder = f"{self._instance} {uuid4().hex[:8]}"
        own = self._client.get_default_database()
        for source in SOURCES:
            owner = self._client[f"{self._owners}{source.domain}"]
            self._leads[source.domain] = Lead(source, owner, own, transport, holder)
        self._tasks += [asyncio.create_task(lead.run(), name=domain) for domain, lead in self._leads.items()]
        self._announcer = Announcer(transport, self._describe)
        await self._patiently(lambda: transport.reply(WANTED, self.promise))
        await self._patiently(self._announcer.start)

    async def _patiently(self, work: Callable[[], Awaitable[Result]]) -> Result:
        while True:
            try:
                return await work()
            except Unavailable as error:
                log.warning("waits for the rapids", reason=str(error))
                await asyncio.sleep(PAUSE_SECONDS)

    async def _look(self) -> None:
        """See once a second how things are."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    hello = await self._client.admin.command("hello")
                self._mongodb_answers = bool(hello["isWritablePrimary"])
            except (PyMongoError, TimeoutError):
                self._mongodb_answers = False
            LEADS.set(sum(lead.leads for lead in self._leads.values()))
            for domain, lead in self._leads.items():
                LAG.labels(domain).set(lead.lag)
            await asyncio.sleep(LOOK_SECONDS)

    def _describe(self) -> Announcement:
        leads = [f"leads:{domain}" for domain, lead in self._leads.items() if lead.leads]
        return Announcement(
            service="capture",
            version=self._version,
            instance=self._instance,
            url=self._url,
            tags=["kind:sync", *leads],
            takes=[],
            state="up" if all(self.parts().values()) else "starting",
            pid=os.getpid(),
        )
