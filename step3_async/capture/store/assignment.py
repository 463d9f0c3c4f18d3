"""An assignment: a source that this instance follows at the moment, and what it needs for that."""

from dataclasses import dataclass

from pymongo.asynchronous.collection import AsyncCollection

from step3_async.capture.sources import Source
from step3_async.capture.store.lease import Lease
from step3_async.capture.store.resume_token import ResumeToken
from step3_async.capture.store.snapshot_jobs import SnapshotJobs
from step3_async.contracts.envelope import Document
from step3_async.rapids.bus import Bus


@dataclass(frozen=True)
class Assignment:
    """A source with its `collection`. All of this is valid only while the `lease` is held."""

    source: Source
    collection: AsyncCollection[Document]
    bus: Bus
    lease: Lease
    resume_token: ResumeToken
    snapshot_jobs: SnapshotJobs

    @property
    def domain(self) -> str:
        """The domain of the source's events."""
        return self.source.domain
