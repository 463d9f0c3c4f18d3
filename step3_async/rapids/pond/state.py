"""How documents are, at versions, and how events and pages tell it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kit.mongo.client import Document
from step3_async.rapids.event import Event


@dataclass(frozen=True)
class State:
    """How the document `key` is at `version`: its fields as they are stored, or None where it is gone."""

    key: str
    version: str
    revision: int
    document: Document | None


@dataclass(frozen=True)
class Shape:
    """What is kept of a domain's documents: these `fields`, of which `times` are stored as times."""

    fields: tuple[str, ...]
    times: tuple[str, ...]

    def of_event(self, event: Event) -> State:
        """The document after an event. Raises ValueError for a time that is none."""
        after = event.after
        kept = self._kept(after) if after is not None else None
        return State(event.key, event.version, _revision(after), kept)

    def of_document(self, told: Mapping[str, Any], version: str) -> State:
        """A document of a page. Raises ValueError for a time that is none."""
        return State(told["_id"], version, _revision(told), self._kept(told))

    def _kept(self, told: Mapping[str, Any]) -> Document:
        kept = {name: told[name] for name in self.fields if name in told}
        for name in self.times:
            if kept.get(name) is not None:
                kept[name] = datetime.fromisoformat(kept[name])
        return kept


def _revision(told: Mapping[str, Any] | None) -> int:
    return int((told or {}).get("revision") or 0)
