"""Skipped documents, which another program has written: they are reported once, and counted."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import structlog
from prometheus_client import Counter

from kit.mongo.document_schema import FindProblem

REMEMBERED = 10_000
"""How many reported documents a process remembers, so that it reports each once."""

SKIPPED = Counter(
    "documents_left_out", "Stored documents that are left out, as they are no such documents.", ["collection"]
)

log = structlog.stdlib.get_logger(__name__)
_reported: OrderedDict[tuple[str, str], str] = OrderedDict()
_lock = threading.Lock()


def report_skipped(collection: str, identifier: Any, reason: str) -> None:
    """Log that a document is skipped, unless it was logged with this reason before."""
    key = (collection, name_of(identifier))
    with _lock:
        if _reported.get(key) == reason:
            return
        _reported[key] = reason
        while len(_reported) > REMEMBERED:
            _reported.popitem(last=False)
    SKIPPED.labels(collection).inc()
    log.warning("skipped a document", collection=collection, id=key[1], reason=reason)


def without_invalid(documents: Iterable[Any], collection: str, find_problem: FindProblem) -> list[Any]:
    """Return the documents in which no problem is found, and report the others."""
    valid = []
    for document in documents:
        problem = find_problem(document)
        if problem is None:
            valid.append(document)
        else:
            report_skipped(collection, document.get("_id"), problem)
    return valid


def name_of(identifier: Any) -> str:
    """Return an `_id` of any type as a short text for people."""
    return (identifier if isinstance(identifier, str) else repr(identifier))[:200]
