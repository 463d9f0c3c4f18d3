"""Which pages of a snapshot are there: they may come in any order, more than once, and to several at once."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from kit.mongo.client import Document
from step3_async.rapids.event import Page

PAGES = "rivers_pages"
NONE_YET: Document = {"reached": None, "ahead": [], "pages": 0, "covered": False}


class Coverage:
    """Of each snapshot how many `pages` have come, whether it is `covered` by them, and if not, up to which
    document there is no gap (`reached`), and which pages lie `ahead` of one.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._pages = database[PAGES]

    def of(self, domain: str, run: str) -> Document:
        """How far a snapshot is there."""
        return self._pages.find_one({"_id": _id(domain, run)}) or NONE_YET

    def add(self, domain: str, page: Page) -> Document:
        """A page has come; how far the snapshot is there with it."""
        key = _id(domain, page.run)
        while True:
            known = self._pages.find_one({"_id": key})
            if known is not None and known["covered"]:
                return known
            after = _with(known or NONE_YET, page)
            as_known = {"_id": key, "pages": known["pages"] if known else 0}
            told = {"$set": after, "$currentDate": {"at": True}}
            # Another process may note another page just now.
            with suppress(DuplicateKeyError):
                noted = self._pages.update_one(as_known, told, upsert=known is None)
                if noted.matched_count or noted.upserted_id is not None:
                    return after


def _with(known: Mapping[str, Any], page: Page) -> Document:
    ahead = {each["after"]: each for each in known["ahead"]}
    ahead[page.after] = {"after": page.after, "upto": page.upto, "last": page.last}
    reached, covered = known["reached"], False
    while not covered and (following := ahead.pop(reached, None)) is not None:
        reached, covered = following["upto"], following["last"]
    return {
        "reached": reached,
        "ahead": [each for after, each in ahead.items() if _is_beyond(after, reached)],
        "pages": known["pages"] + 1,
        "covered": covered,
    }


def _is_beyond(after: str | None, reached: str | None) -> bool:
    return after is not None and (reached is None or after > reached)


def _id(domain: str, run: str) -> str:
    return f"{domain}/{run}"
