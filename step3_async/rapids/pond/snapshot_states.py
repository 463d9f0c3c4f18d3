"""The progress of a pond's snapshots.

The pages of a snapshot may come in any order, more than once, and to several processes at once.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from kit.mongo.client import Document, translated
from step3_async.contracts.envelope import Page

RIVERS, PAGES = "rivers", "rivers_pages"
NO_PAGES: Document = {"reached": None, "ahead": [], "pages": 0, "complete": False}


@dataclass(frozen=True)
class SnapshotState:
    """The snapshot of a domain that was requested last.

    `wanted` is the time of that request, and `epoch` the river's at that time. `run` is the snapshot's id,
    once it is accepted. `complete` says whether all its pages were applied, and `was_complete` whether all
    pages of any snapshot were: from then on the pond may be shown. `pages` is the number of applied pages;
    all documents with ids up to `reached` were in them.
    """

    epoch: str
    run: str | None
    wanted: datetime
    was_complete: bool
    complete: bool
    pages: int
    reached: str | None


class SnapshotStates:
    """The states of the snapshots in `database`, by domain. All methods raise DependencyUnavailable and
    DependencyTimeout.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._rivers, self._pages = database[RIVERS], database[PAGES]

    def get(self, domain: str) -> SnapshotState | None:
        """Return the state of a domain; None if no snapshot was ever requested."""
        return self.states([domain])[domain]

    @translated
    def states(self, domains: Sequence[str]) -> dict[str, SnapshotState | None]:
        """Return the states of domains; None for those of which no snapshot was ever requested."""
        found = {each["_id"]: each for each in self._rivers.find({"_id": {"$in": list(domains)}})}
        return {domain: self._state(found[domain]) if domain in found else None for domain in domains}

    @translated
    def record_request(self, domain: str, epoch: str, *, empty: bool = False) -> None:
        """Note that a snapshot is requested. With `empty` the pond must not be shown until it is complete."""
        wanted = {**_no_pages(None), "epoch": epoch, "wanted": datetime.now(UTC)}
        never: Document = {"completed": None}
        update = {"$set": wanted | never} if empty else {"$set": wanted, "$setOnInsert": never}
        self._rivers.update_one({"_id": domain}, update, upsert=True)

    @translated
    def begin(self, domain: str, run: str) -> None:
        """Note that the requested snapshot is accepted, and has this id."""
        began = {**_no_pages(run), "began": datetime.now(UTC)}
        self._rivers.update_one({"_id": domain, "run": {"$ne": run}}, {"$set": began})
        # Pages may come before the reply that accepts them.
        self._finish(domain, run, self._applied(domain, run))

    @translated
    def add(self, domain: str, page: Page) -> None:
        """Note that a page was applied."""
        key = _id(domain, page.run)
        while True:
            known = self._pages.find_one({"_id": key})
            if known is not None and known["complete"]:
                after = known
                break
            after = _with_page(known or NO_PAGES, page)
            unchanged = {"_id": key, "pages": known["pages"] if known else 0}
            update = {"$set": after, "$currentDate": {"at": True}}
            # Another process may add another page at this moment.
            with suppress(DuplicateKeyError):
                updated = self._pages.update_one(unchanged, update, upsert=known is None)
                if updated.matched_count or updated.upserted_id is not None:
                    break
        self._finish(domain, page.run, after)

    def _applied(self, domain: str, run: str) -> Document:
        return self._pages.find_one({"_id": _id(domain, run)}) or NO_PAGES

    def _finish(self, domain: str, run: str, applied: Document) -> None:
        if applied["complete"]:
            done = {"complete": True, "completed": datetime.now(UTC), "pages": applied["pages"]}
            self._rivers.update_one({"_id": domain, "run": run}, {"$set": done})

    def _state(self, found: Document) -> SnapshotState:
        is_incomplete = found["run"] is not None and not found["complete"]
        applied = self._applied(found["_id"], found["run"]) if is_incomplete else found
        return SnapshotState(
            epoch=found.get("epoch", ""),
            run=found["run"],
            wanted=found["wanted"].replace(tzinfo=UTC),
            was_complete=found.get("completed") is not None,
            complete=bool(found["complete"]),
            pages=applied["pages"],
            reached=applied.get("reached"),
        )


def _with_page(known: Mapping[str, Any], page: Page) -> Document:
    ahead = {each["after"]: each for each in known["ahead"]}
    ahead[page.after] = {"after": page.after, "upto": page.upto, "last": page.last}
    reached, complete = known["reached"], False
    while not complete and (following := ahead.pop(reached, None)) is not None:
        reached, complete = following["upto"], following["last"]
    return {
        "reached": reached,
        "ahead": [each for after, each in ahead.items() if _is_ahead(after, reached)],
        "pages": known["pages"] + 1,
        "complete": complete,
    }


def _is_ahead(after: str | None, reached: str | None) -> bool:
    return after is not None and (reached is None or after > reached)


def _id(domain: str, run: str) -> str:
    return f"{domain}/{run}"


def _no_pages(run: str | None) -> Document:
    return {"run": run, "complete": False, "pages": 0}
