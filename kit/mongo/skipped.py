"""Documents that are left out, as they are not what this application writes: told once, and counted."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog
from prometheus_client import Counter

REMEMBERED = 10_000
"""Documents whose first time is remembered, in a process."""

SKIPPED = Counter(
    "documents_left_out", "Stored documents that are left out, as they are no such documents.", ["collection"]
)

log = structlog.stdlib.get_logger(__name__)
_told: OrderedDict[tuple[str, str], str] = OrderedDict()
_lock = threading.Lock()


def report_skipped(collection: str, identifier: Any, reason: str) -> None:
    """Say that a document is left out, unless it was said with this reason before."""
    key = (collection, name_of(identifier))
    with _lock:
        if _told.get(key) == reason:
            return
        _told[key] = reason
        while len(_told) > REMEMBERED:
            _told.popitem(last=False)
    SKIPPED.labels(collection).inc()
    log.warning("left out a document", collection=collection, id=key[1], reason=reason)


def without_invalid(
    documents: Iterable[Any], collection: str, find_problem: Callable[[Mapping[str, Any]], str | None]
) -> list[Any]:
    """The documents with which nothing is wrong; the others are told."""
    fit = []
    for document in documents:
        problem = find_problem(document)
        if problem is None:
            fit.append(document)
        else:
            report_skipped(collection, document.get("_id"), problem)
    return fit


def name_of(identifier: Any) -> str:
    """An `_id` of any type as a text for people, and not a long one."""
    return (identifier if isinstance(identifier, str) else repr(identifier))[:200]
