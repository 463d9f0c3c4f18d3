"""How far the snapshots of a pond's domains are there."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from kit.mongo import Document, translated
from step3_async.rapids.event import Page

RIVERS = "rivers"
PAGES = "rivers_pages"
NONE_YET: Document = {"reached": None, "ahead": [], "pages": 0, "covered": False}


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
    """The snapshots of the domains whose ponds lie in `database`. All methods raise PartDown and PartSlow."""

    def __init__(self, database: Database[Document]) -> None:
        self._rivers, self._pages = database[RIVERS], database[PAGES]

    @translated
    def get(self, domain: str) -> Place | None:
        """The place of a domain; None if none was ever asked for."""
        found = self._rivers.find_one({"_id": domain})
        if found is None:
            return None
        pages = self._pages.find_one({"_id": _id(domain, found["run"])}) or {}
        return Place(
            rapids=found["rapids"],
            run=found["run"],
            wanted=found["wanted"].replace(tzinfo=UTC),
            complete=found["complete"] is not None,
            covered=found["covered"],
            pages=pages.get("pages", 0),
            reached=pages.get("reached"),
        )

    @translated
    def want(self, domain: str, rapids: str, *, empty: bool = False) -> None:
        """A snapshot is to come; with `empty` the pond must not be shown before it is there."""
        wanted: Document = {"rapids": rapids, "run": None, "wanted": datetime.now(UTC), "covered": False}
        never: Document = {"complete": None}
        told = {"$set": wanted | never} if empty else {"$set": wanted, "$setOnInsert": never}
        self._rivers.update_one({"_id": domain}, told, upsert=True)

    @translated
    def begin(self, domain: str, run: str) -> None:
        """The snapshot that was wanted is promised under this name."""
        changed = {"_id": domain, "run": {"$ne": run}}
        self._rivers.update_one(changed, {"$set": {"run": run, "began": datetime.now(UTC), "covered": False}})
        # Pages may come before the promise.
        if self._pages.find_one({"_id": _id(domain, run), "covered": True}) is not None:
            self._finish(domain, run)

    @translated
    def cover(self, domain: str, page: Page) -> None:
        """A page has been applied."""
        if self._advance(_id(domain, page.run), page):
            self._finish(domain, page.run)

    def _advance(self, key: str, page: Page) -> bool:
        """Note a page; whether all are there now."""
        while True:
            known = self._pages.find_one({"_id": key})
            if known is not None and known["covered"]:
                return True
            after = _with(known or NONE_YET, page)
            as_known = {"_id": key, "pages": known["pages"] if known else 0}
            told = {"$set": after, "$currentDate": {"at": True}}
            # Another process may note another page just now.
            with suppress(DuplicateKeyError):
                noted = self._pages.update_one(as_known, told, upsert=known is None)
                if noted.matched_count or noted.upserted_id is not None:
                    return bool(after["covered"])

    def _finish(self, domain: str, run: str) -> None:
        done = {"covered": True, "complete": datetime.now(UTC)}
        self._rivers.update_one({"_id": domain, "run": run}, {"$set": done})


def _with(known: Mapping[str, Any], page: Page) -> Document:
    """How far a snapshot is there with one more page: pages may come in any order, and more than once."""
    end = {"upto": page.upto, "last": page.last}
    ahead = {each["after"]: each for each in known["ahead"]}
    ahead[page.after] = {"after": page.after, **end}
    reached, covered = known["reached"], False
    while not covered and (following := ahead.pop(reached, None)) is not None:
        reached, covered = following["upto"], following["last"]
    return {
        "reached": reached,
        "ahead": [each for after, each in ahead.items() if _beyond(after, reached)],
        "pages": known["pages"] + 1,
        "covered": covered,
    }


def _beyond(after: str | None, reached: str | None) -> bool:
    return after is not None and (reached is None or after > reached)


def _id(domain: str, run: str | None) -> str:
    return f"{domain}/{run}"
