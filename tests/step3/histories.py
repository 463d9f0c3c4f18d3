"""Histories of documents, and the events and snapshot pages about them."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from step3_async.contracts.envelope import SNAPSHOT_PAGE, Event, Page

Document = dict[str, Any]
Change = tuple[str, Document | None]
"""A key, and the document after the change; None if it was removed."""

BEGAN = datetime(2026, 3, 1, tzinfo=UTC)


def version(number: int) -> str:
    return f"{number:016x}"


def event(domain: str, number: int, key: str, after: Document | None, **found: Any) -> Event:
    """Return the event of a change, the `number`th of its domain."""
    plain = {
        "event_id": f"{domain}-{number}",
        "event_domain": domain,
        "event_name": "changed" if after is not None else "removed",
        "timestamp": BEGAN + timedelta(seconds=number),
        "key": key,
        "version": version(number),
        "payload": {},
        "after": after,
    }
    return Event(**plain | found)


def events(domain: str, history: Sequence[Change], images: bool = True) -> list[Event]:
    """Return an event for each change; without `images` none has the document before the change."""
    return [
        event(domain, number, key, after, before=state(history, number - 1).get(key) if images else None)
        for number, (key, after) in enumerate(history, 1)
    ]


def state(history: Sequence[Change], upto: int) -> dict[str, Document]:
    """Return all documents after the first `upto` changes."""
    found: dict[str, Document] = {}
    for key, after in history[:upto]:
        if after is None:
            found.pop(key, None)
        else:
            found[key] = after
    return found


def page(domain: str, number: int, found: Page) -> Event:
    """Return a snapshot page of the moment after `number` changes."""
    return event(
        *(domain, number, "", None),
        event_id=f"{found.run}-{found.after}",
        event_name=SNAPSHOT_PAGE,
        payload=found.model_dump(),
    )


def snapshot(
    domain: str, history: Sequence[Change], at: int, run: str = "run", most: int = 2, late: int = 0
) -> list[Event]:
    """Return pages of the documents after `at` changes; each later page may have up to `late` more."""
    chance = random.Random(f"{run}{at}{late}")
    pages: list[Event] = []
    after: str | None = None
    while True:
        seen = state(history, min(len(history), at + chance.randint(0, late)))
        rest = sorted(key for key in seen if after is None or key > after)
        keys, last = rest[:most], len(rest) <= most
        upto = None if last else keys[-1]
        documents = [{"_id": key, **seen[key]} for key in keys]
        found = Page(run=run, documents=documents, after=after, upto=upto, last=last)
        pages.append(page(domain, at, found))
        if last:
            return pages
        after = upto
