"""Taking snapshot pages: all documents of a range as they were."""

import contextlib
from collections.abc import Sequence

from kit.mongo.client import Document
from step3_async.rapids.event import Page
from step3_async.rapids.pond.filling import Filling
from step3_async.rapids.pond.state import Shape, State
from step3_async.rapids.pond.writes import Unfit

AT_ONCE = 1000
"""Documents that are removed together."""


def take(filling: Filling, shape: Shape, page: Page, version: str) -> tuple[list[State], Unfit | None]:
    """Show a page of `version`: put the documents it has, and remove what lies in its range, is no newer, and
    is not in it. What it has; and why some of that cannot be shown, where all the rest is. Raises Unfit.
    """
    states, refusal = _states(shape, page, version)
    listed = {each["_id"] for each in page.documents}
    known: dict[str, str] = {}
    gone: dict[str, str] = {}
    for key, shown in filling.versions(_within(page)):
        if key in listed:
            known[key] = shown
        elif shown <= version and (shown or not filling.own):
            gone[key] = version
        if len(gone) == AT_ONCE:
            filling.remove(gone)
            gone = {}
    filling.remove(gone)
    try:
        filling.put([state for state in states if state.key in known and known[state.key] < version])
        filling.put_new([state for state in states if state.key not in known])
    except Unfit as unfit:
        refusal = unfit
        _put_each(filling, states)
    return states, refusal


def _states(shape: Shape, page: Page, version: str) -> tuple[list[State], Unfit | None]:
    """The page's documents, and why some of them are left out."""
    states: list[State] = []
    refusal: Unfit | None = None
    for document in page.documents:
        try:
            states.append(shape.of_document(document, version))
        except ValueError as error:
            refusal = Unfit(f"{document['_id']}: {error}")
    return states, refusal


def _put_each(filling: Filling, states: Sequence[State]) -> None:
    for state in states:
        with contextlib.suppress(Unfit):
            filling.put([state])


def _within(page: Page) -> Document:
    after = {"$gt": page.after} if page.after is not None else {}
    upto = {"$lte": page.upto} if page.upto is not None else {}
    return {"_id": {**after, **upto}} if after or upto else {}
