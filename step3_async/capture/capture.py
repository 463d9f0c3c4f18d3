"""Capture publishes what owners write: one leader for each source."""

import asyncio
from uuid import uuid4

import structlog
from pydantic import ValidationError
from pymongo import AsyncMongoClient

from step3_async.capture.leader import Leader
from step3_async.capture.metrics import LAG, LEASES
from step3_async.capture.sources import SOURCES
from step3_async.contracts.envelope import Document
from step3_async.rapids.bus import Bus
from step3_async.rapids.messages import SNAPSHOT_REQUEST, SnapshotAccepted, SnapshotRequest
from step3_async.rapids.tasks import cancel

MEASURE_SECONDS = 1.0

log = structlog.stdlib.get_logger(__name__)


class Capture:
    """The capture of one `instance`, with its own database at `uri`. The names of the owners' databases begin
    with `owners`.
    """

    subscriptions: tuple[str, ...] = ()
    pending = 0

    def __init__(self, bus: Bus, uri: str, owners: str, instance: str) -> None:
        self._bus, self._uri, self._owners = bus, uri, owners
        self._holder = f"{instance} {uuid4().hex[:8]}"
        self._leaders: dict[str, Leader] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def ready(self) -> bool:
        """Whether it has been connected to the bus."""
        return bool(self._leaders)

    @property
    def tags(self) -> list[str]:
        """Tags for the registry: the sources that this instance follows."""
        return [f"leads:{domain}" for domain, leader in self._leaders.items() if leader.leads]

    async def run(self) -> None:
        """Capture changes until `stop`, also after times in which MongoDB or the bus is away."""
        client = connect_to_mongodb(self._uri)
        own = client.get_default_database()
        leaders = {
            source.domain: Leader(
                source, client[f"{self._owners}{source.domain}"], own, self._bus, holder=self._holder
            )
            for source in SOURCES
        }
        self._tasks = [asyncio.create_task(each.run(), name=domain) for domain, each in leaders.items()]
        self._tasks.append(asyncio.create_task(self._measure(), name="measure"))
        try:
            await self._bus.reply(SNAPSHOT_REQUEST, self.accept)
            self._leaders = leaders
            await asyncio.wait(self._tasks)
        finally:
            await client.close()

    async def stop(self) -> None:
        """End `run`, and leave the sources to other instances."""
        await cancel(*self._tasks)

    async def accept(self, content: bytes) -> bytes:
        """Reply to a SnapshotRequest. Domains that are not captured are left out of the reply."""
        try:
            request = SnapshotRequest.model_validate_json(content)
        except ValidationError:
            log.warning("a request is malformed", topic=SNAPSHOT_REQUEST)
            return SnapshotAccepted(runs={}).model_dump_json().encode()
        runs = {
            domain: await self._leaders[domain].accept(request.river, request.again)
            for domain in request.domains
            if domain in self._leaders
        }
        return SnapshotAccepted(runs=runs).model_dump_json().encode()

    async def _measure(self) -> None:
        while True:
            LEASES.set(sum(leader.leads for leader in self._leaders.values()))
            for domain, leader in self._leaders.items():
                LAG.labels(domain).set(leader.lag)
            await asyncio.sleep(MEASURE_SECONDS)


def connect_to_mongodb(uri: str) -> AsyncMongoClient[Document]:
    """Return a client with the time-outs of `kit.mongo.client.connect`: finding a server takes at most 2 s, a
    reply at most 5 s. A write counts once a majority of the replica set has it on disk.
    """
    return AsyncMongoClient(
        uri,
        serverSelectionTimeoutMS=2000,
        connectTimeoutMS=2000,
        socketTimeoutMS=5000,
        wTimeoutMS=5000,
        w="majority",
        journal=True,
        tz_aware=True,
        unicode_decode_error_handler="replace",
        datetime_conversion="DATETIME_AUTO",
    )
