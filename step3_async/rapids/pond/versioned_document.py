"""Versioned documents, as events and snapshot pages describe them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kit.mongo.client import Document
from step3_async.contracts.envelope import Event


@dataclass(frozen=True)
class VersionedDocument:
    """The document `key` at `version`: its stored fields, or None where it is deleted."""

    key: str
    version: str
    revision: int
    fields: Document | None


@dataclass(frozen=True)
class Shape:
    """The fields of a document that a pond keeps. Those among `times` are stored as times."""

    fields: tuple[str, ...]
    times: tuple[str, ...]

    def after(self, event: Event) -> VersionedDocument:
        """Return the document after an event. Raises ValueError for a malformed time."""
        after = event.after
        kept = self._kept(after) if after is not None else None
        return VersionedDocument(event.key, event.version, _revision(after), kept)

    def listed(self, document: Mapping[str, Any], version: str) -> VersionedDocument:
        """Return a document that a snapshot page lists. Raises ValueError for a malformed time."""
        return VersionedDocument(document["_id"], version, _revision(document), self._kept(document))

    def _kept(self, document: Mapping[str, Any]) -> Document:
        kept = {name: document[name] for name in self.fields if name in document}
        for name in self.times:
            if kept.get(name) is not None:
                kept[name] = datetime.fromisoformat(kept[name])
        return kept


def _revision(document: Mapping[str, Any] | None) -> int:
    return int((document or {}).get("revision") or 0)
