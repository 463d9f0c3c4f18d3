"""A pond: documents of a domain as this service keeps them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pymongo.collection import Collection

from kit.mongo.client import Document, translated
from step3_async.rapids.event import SNAPSHOT_PAGE, Event, Page
from step3_async.rapids.pond import pages
from step3_async.rapids.pond.filling import Filling
from step3_async.rapids.pond.places import Places
from step3_async.rapids.pond.state import Shape, State

Settled = list[tuple[str, int]]
"""Keys of documents that the pond now shows, each with its owner's revision; 0 where owners count none."""


@dataclass(frozen=True)
class Pond:
    """Documents of `domain` in `collection`: of each its `fields`, of which `times` are times.

    Where several domains each give some fields of the same documents, `own` names those of this one: they
    alone go where the others' stay. One domain's fields may be all its `own`, too: a document that goes then
    leaves its version behind, and whoever writes one need not look up elsewhere whether it is gone. That is
    for documents that hardly ever go. Besides the fields, a document has `applied`: by domain the `version`
    and the `revision` that it shows. All methods raise DependencyUnavailable and DependencyTimeout.
    """

    collection: Collection[Document]
    domain: str
    fields: tuple[str, ...]
    times: tuple[str, ...] = ()
    own: tuple[str, ...] = ()

    @property
    def places(self) -> Places:
        """What is known of the pond's snapshots, in the collections `rivers` and `rivers_pages` beside it."""
        return Places(self.collection.database)

    @translated
    def apply(self, events: Sequence[Event]) -> Settled:
        """Take events of the domain, snapshot pages among them; returns once a majority has it on disk.

        What comes back holds each document of the events once, and of pages those that have a revision.
        Raises ValueError for an event that does not fit.
        """
        facts = [event for event in events if event.event_name != SNAPSHOT_PAGE]
        told = self._apply_facts(facts) if facts else {}
        for event in events:
            if event.event_name == SNAPSHOT_PAGE:
                page = Page.model_validate(event.payload)
                states, refusal = pages.take(self._filling, self._shape, page, event.version)
                # A document that does not fit is set aside; the pond is complete without it.
                self.places.cover(self.domain, page)
                if refusal:
                    raise refusal
                told |= {each.key: each.revision for each in states if each.revision}
        return list(told.items())

    @translated
    def applied(self, key: str) -> int | None:
        """The revision that the document of that key shows; None if there is none of this domain."""
        at = f"applied.{self.domain}"
        found = self.collection.find_one({"_id": key, at: {"$exists": True}}, {at: 1})
        return int(found["applied"][self.domain].get("revision", 0)) if found else None

    @translated
    def empty(self) -> None:
        """Throw away what is there of the domain."""
        self._filling.empty()

    def _apply_facts(self, facts: Iterable[Event]) -> dict[str, int]:
        latest: dict[str, State] = {}
        begun: set[str] = set()
        for event in facts:
            if event.before is None and event.after is not None:
                begun.add(event.key)
            known = latest.get(event.key)
            if known is None or known.version < event.version:
                latest[event.key] = self._shape.of_event(event)
        shown = [each for each in latest.values() if each.document is not None]
        # Most that has just begun is not there yet, and to insert it costs MongoDB a tenth of replacing it.
        self._filling.put_new([each for each in shown if each.key in begun])
        self._filling.put([each for each in shown if each.key not in begun])
        self._filling.remove({key: each.version for key, each in latest.items() if each.document is None})
        return {key: each.revision for key, each in latest.items()}

    @property
    def _shape(self) -> Shape:
        return Shape(self.fields, self.times)

    @property
    def _filling(self) -> Filling:
        return Filling(self.collection, self.domain, self.own)
