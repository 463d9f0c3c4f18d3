"""A source that this instance is in charge of, and what is needed to be."""

from dataclasses import dataclass

from pymongo.asynchronous.collection import AsyncCollection

from step3_async.contracts.envelope import Document
from step3_async.rapids.bus import Bus
from step3_async.sync.capture.jobs import Jobs
from step3_async.sync.capture.lease import Lease
from step3_async.sync.capture.positions import Position
from step3_async.sync.capture.sources import Source


@dataclass(frozen=True)
class Charge:
    """`collection` is the source's own; the rest is for this time only that `lease` is held."""

    source: Source
    collection: AsyncCollection[Document]
    transport: Bus
    lease: Lease
    position: Position
    jobs: Jobs

    @property
    def domain(self) -> str:
        """The domain of its facts."""
        return self.source.domain
