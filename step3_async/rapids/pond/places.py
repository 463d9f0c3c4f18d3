"""How far the snapshots of a pond's domains are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo.database import Database

from kit.mongo.client import Document, translated
from step3_async.rapids.event import Page
from step3_async.rapids.pond.coverage import Coverage

RIVERS = "rivers"


@dataclass(frozen=True)
class Place:
    """The snapshot of a domain that was last asked for.

    It was `wanted` then, as the river lay in these `rapids`; `run` is its name once promised. `covered` says
    whether it is there wholly, and `complete` whether it or one before it is: the pond may be shown.
    `pages` are there already, and with them all documents up to `reached`.
    """

    rapids: str
    run: str | None
    wanted: datetime
    complete: bool
    covered: bool
    pages: int
    reached: str | None


class Places:
    """The snapshots of the domains whose ponds lie in `database`. All methods raise DependencyUnavailable and
    DependencyTimeout.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._rivers, self._coverage = database[RIVERS], Coverage(database)

    def get(self, domain: str) -> Place | None:
        """The place of a domain; None if none was ever asked for."""
        return self.of([domain])[domain]

    @translated
    def of(self, domains: Sequence[str]) -> dict[str, Place | None]:
        """The places of domains; None for those of which none was ever asked for."""
        found = {each["_id"]: each for each in self._rivers.find({"_id": {"$in": list(domains)}})}
        return {domain: self._place(found[domain]) if domain in found else None for domain in domains}

    @translated
    def want(self, domain: str, rapids: str, *, empty: bool = False) -> None:
        """A snapshot is to come; with `empty` the pond must not be shown before it is there."""
        wanted = {**_not_there(None), "rapids": rapids, "wanted": datetime.now(UTC)}
        never: Document = {"complete": None}
        told = {"$set": wanted | never} if empty else {"$set": wanted, "$setOnInsert": never}
        self._rivers.update_one({"_id": domain}, told, upsert=True)

    @translated
    def begin(self, domain: str, run: str) -> None:
        """The snapshot that was wanted is promised under this name."""
        began = {**_not_there(run), "began": datetime.now(UTC)}
        self._rivers.update_one({"_id": domain, "run": {"$ne": run}}, {"$set": began})
        # Pages may come before the promise.
        self._finish(domain, run, self._coverage.of(domain, run))

    @translated
    def cover(self, domain: str, page: Page) -> None:
        """A page has been applied."""
        self._finish(domain, page.run, self._coverage.add(domain, page))

    def _finish(self, domain: str, run: str, known: Document) -> None:
        if known["covered"]:
            done = {"covered": True, "complete": datetime.now(UTC), "pages": known["pages"]}
            self._rivers.update_one({"_id": domain, "run": run}, {"$set": done})

    def _place(self, found: Document) -> Place:
        is_under_way = found["run"] is not None and not found["covered"]
        known = self._coverage.of(found["_id"], found["run"]) if is_under_way else found
        return Place(
            rapids=found["rapids"],
            run=found["run"],
            wanted=found["wanted"].replace(tzinfo=UTC),
            complete=found["complete"] is not None,
            covered=found["covered"],
            pages=known["pages"],
            reached=known.get("reached"),
        )


def _not_there(run: str | None) -> Document:
    return {"run": run, "covered": False, "pages": 0}
