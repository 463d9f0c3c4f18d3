"""Taking snapshot pages: all documents of a range as they were."""

from collections.abc import Sequence

from kit.mongo import Document
from step3_async.rapids.event import Page
from step3_async.rapids.pond.filling import Filling
from step3_async.rapids.pond.state import State

AT_ONCE = 1000
"""Documents that are removed together."""


def take(filling: Filling, page: Page, version: str, states: Sequence[State]) -> None:
    """Show a page of `version`, whose documents are `states`: put those it has, and remove what lies in its
    range, is no newer, and is not in it.
    """
    told = {state.key: state for state in states}
    known: dict[str, str] = {}
    gone: dict[str, str] = {}
    for key, shown in filling.versions(_within(page)):
        if key in told:
            known[key] = shown
        elif shown <= version and (shown or not filling.own):
            gone[key] = version
        if len(gone) == AT_ONCE:
            filling.remove(gone)
            gone = {}
    filling.remove(gone)
    filling.put([state for key, state in told.items() if key in known and known[key] < version])
    filling.put_new([state for key, state in told.items() if key not in known])


def _within(page: Page) -> Document:
    after = {"$gt": page.after} if page.after is not None else {}
    upto = {"$lte": page.upto} if page.upto is not None else {}
    return {"_id": {**after, **upto}} if after or upto else {}
