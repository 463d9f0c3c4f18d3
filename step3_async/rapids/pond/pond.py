"""A pond: a collection with documents of another service's domain, kept up to date by its events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pymongo.collection import Collection

from kit.mongo.client import Document, translated
from step3_async.contracts.envelope import SNAPSHOT_PAGE, Event, Page
from step3_async.rapids.pond.snapshot_pages import apply_page
from step3_async.rapids.pond.snapshot_states import SnapshotStates
from step3_async.rapids.pond.versioned_document import Shape, VersionedDocument
from step3_async.rapids.pond.versioned_writer import VersionedWriter


@dataclass(frozen=True)
class Pond:
    """Documents of `domain` in `collection`: of each its `fields`, of which `times` are times.

    If several domains give fields to the same documents, `own` names those of this domain: only they are
    deleted when the domain deletes the document. A domain may also name all its fields: a deleted document
    then leaves its version in its place, and a write need not look for tombstones. That suits documents that
    are hardly ever deleted. Each document has a field `applied`: by domain, the `version` and the `revision`
    that it shows. All methods raise DependencyUnavailable and DependencyTimeout.
    """

    collection: Collection[Document]
    domain: str
    fields: tuple[str, ...]
    times: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @property
    def snapshots(self) -> SnapshotStates:
        """The states of the pond's snapshots, in the collections `rivers` and `rivers_pages` beside it."""
        return SnapshotStates(self.collection.database)

    @translated
    def apply(self, events: Sequence[Event]) -> list[tuple[str, int]]:
        """Apply events of the domain, including snapshot pages. Return when a majority has them on disk.

        Returns keys and the owner's revisions: of the documents of events (0 if the owner counts none), and
        of those documents of pages that have a revision. Raises ValueError for an event that does not fit.
        """
        changes = [event for event in events if event.event_name != SNAPSHOT_PAGE]
        applied = self._apply_changes(changes) if changes else {}
        for event in events:
            if event.event_name == SNAPSHOT_PAGE:
                page = Page.model_validate(event.payload)
                documents, rejected = apply_page(self._writer, self._shape, page, event.version)
                # The page becomes a dead letter if a document is rejected. The pond is complete without it.
                self.snapshots.add(self.domain, page)
                if rejected:
                    raise rejected
                applied |= {each.key: each.revision for each in documents if each.revision}
        return list(applied.items())

    @translated
    def applied_revision(self, key: str) -> int | None:
        """Return the revision that a document shows; None if there is none of this domain."""
        at = f"applied.{self.domain}"
        found = self.collection.find_one({"_id": key, at: {"$exists": True}}, {at: 1})
        return int(found["applied"][self.domain].get("revision", 0)) if found else None

    @translated
    def empty(self) -> None:
        """Delete all documents of the domain."""
        self._writer.empty()

    def _apply_changes(self, events: Iterable[Event]) -> dict[str, int]:
        latest: dict[str, VersionedDocument] = {}
        inserted: set[str] = set()
        for event in events:
            if event.before is None and event.after is not None:
                inserted.add(event.key)
            known = latest.get(event.key)
            if known is None or known.version < event.version:
                latest[event.key] = self._shape.after(event)
        shown = [each for each in latest.values() if each.fields is not None]
        # Most of what was just inserted is not stored yet; inserting costs MongoDB a tenth of replacing.
        self._writer.put_new([each for each in shown if each.key in inserted])
        self._writer.put([each for each in shown if each.key not in inserted])
        self._writer.delete({key: each.version for key, each in latest.items() if each.fields is None})
        return {key: each.revision for key, each in latest.items()}

    @property
    def _shape(self) -> Shape:
        return Shape(self.fields, self.times)

    @property
    def _writer(self) -> VersionedWriter:
        return VersionedWriter(self.collection, self.domain, self.own)
