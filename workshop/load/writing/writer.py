"""Writes posts into a collection. Loading the same posts again updates them and makes no duplicates."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Event
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from kit.domain.posts.documents import WORDS
from kit.domain.search.words import words_of
from workshop.load.posts.post import Document
from workshop.load.problems import Problem
from workshop.load.tally import Tally
from workshop.load.writing.retry import is_transient, retry_while_unavailable

_NEW = ""
_NO_SITE = re.compile(r"se_[0-9]+")
_OTHER_SITE = (
    "a post of another site has this number, and stays. "
    "Name the site of this dump, for example with SITE=serverfault.com"
)


class Writer:
    """Inserts posts that are new, updates those whose content changed, and leaves the others alone.

    `_created` is set once; `_updated` changes only with the content. Fields that the loader does not know
    stay. Words that MongoDB does not find in a text by itself are stored beside it (see
    `kit.domain.search.words`).
    """

    def __init__(self, collection: Collection[Document], stop: Event, note: Callable[[str], None]) -> None:
        self._collection = collection
        self._stop = stop
        self._note = note
        self._all_new = False

    def write(self, documents: Sequence[Document]) -> Tally:
        """Write one batch. Of several documents with one `_id` the last stays. Waits while MongoDB is
        unavailable.

        Returns the counts; documents that MongoDB refused count as bad. Raises LoadError.
        """
        tally, latest = _latest(documents)
        before: dict[str, str | None] = {}
        if latest:
            tally.add(retry_while_unavailable(lambda: self._attempt(latest, before), self._stop, self._note))
        return tally

    def _attempt(self, documents: Mapping[str, Document], before: dict[str, str | None]) -> Tally:
        """Write what is not written yet. `before` keeps the etags that the first attempt found: when the
        response to a write was lost, the next attempt finds the post written, and still counts it as new or
        updated.
        """
        now = datetime.now(UTC).replace(microsecond=0)
        # Loads of new posts need no look-up: when all posts of the previous batch were new, expect the same.
        stored = {} if self._all_new and not before else self._stored(list(documents))
        for _id in documents:
            before.setdefault(_id, _etag(stored[_id]) if _id in stored else _NEW)
        refused, overtaken = self._insert([documents[_id] for _id in documents if _id not in stored], now)
        if overtaken:
            found = self._stored(overtaken)
            stored |= found
            before |= {_id: _etag(document) for _id, document in found.items()}
        changed = [documents[_id] for _id, there in stored.items() if _differs(documents[_id], there)]
        others = [document for document in changed if _is_of_another_site(document, stored[document["_id"]])]
        refused += [Problem(document["_id"], _OTHER_SITE) for document in others]
        refused += self._update([document for document in changed if document not in others], now)
        tally = _count(documents, before, refused)
        self._all_new = tally.new == len(documents)
        return tally

    def _stored(self, ids: list[str]) -> dict[str, Document]:
        """Return what identifies the content of the posts that exist."""
        fields = {"_etag": 1, "created": 1, WORDS: {"$gt": [f"${WORDS}", None]}}
        found = self._collection.find({"_id": {"$in": ids}}, fields, batch_size=len(ids) + 1)
        return {document["_id"]: document for document in found}

    def _insert(self, documents: list[Document], now: datetime) -> tuple[list[Problem], list[str]]:
        """Return what MongoDB refused, and the `_id`s that somebody else has inserted since the look-up."""
        if not documents:
            return [], []
        for document in documents:
            document["_created"] = document["_updated"] = now
            if words := words_of(document["title"], document["text"]):
                document[WORDS] = words
        try:
            self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as problem:
            errors = _write_errors(problem)
            overtaken = [error for error in errors if error.get("keyPattern") == {"_id": 1}]
            refused = [error for error in errors if error not in overtaken]
            return (
                [_refusal(documents[error["index"]], error) for error in refused],
                [documents[error["index"]]["_id"] for error in overtaken],
            )
        return [], []

    def _update(self, documents: list[Document], now: datetime) -> list[Problem]:
        if not documents:
            return []
        requests = [
            UpdateOne({"_id": document["_id"]}, _update_of(document, now), upsert=True)
            for document in documents
        ]
        try:
            self._collection.bulk_write(requests, ordered=False)
        except BulkWriteError as problem:
            return [_refusal(documents[error["index"]], error) for error in _write_errors(problem)]
        return []


def _differs(document: Document, stored: Document) -> bool:
    """Return whether the stored post has other content, or was written before posts had extra words."""
    return document["_etag"] != _etag(stored) or stored.get(WORDS) != bool(
        words_of(document["title"], document["text"])
    )


def _etag(document: Document) -> str | None:
    return document.get("_etag")


def _is_of_another_site(document: Document, stored: Document) -> bool:
    """Return whether the stored post is from another site, if the `_id` names none. A post of the same site
    would have the same date.
    """
    created = stored.get("created")
    if not _NO_SITE.fullmatch(document["_id"]) or not isinstance(created, datetime):
        return False
    own: datetime = document["created"]
    return created.replace(tzinfo=None) != own.replace(tzinfo=None)


def _latest(documents: Sequence[Document]) -> tuple[Tally, dict[str, Document]]:
    """Return the last document of each `_id`, and a tally of those that it replaces."""
    tally = Tally()
    latest: dict[str, Document] = {}
    for document in documents:
        earlier = latest.get(document["_id"])
        if earlier is not None:
            same = earlier["_etag"] == document["_etag"]
            tally.unchanged += same
            tally.updated += not same
        latest[document["_id"]] = document
    return tally, latest


def _count(
    documents: Mapping[str, Document], before: Mapping[str, str | None], refused: Sequence[Problem]
) -> Tally:
    tally = Tally()
    tally.add_problems(refused)
    for _id in documents.keys() - {problem.where for problem in refused}:
        if before[_id] == _NEW:
            tally.new += 1
        elif before[_id] == documents[_id]["_etag"]:
            tally.unchanged += 1
        else:
            tally.updated += 1
    return tally


def _update_of(document: Document, now: datetime) -> dict[str, Any]:
    content = {
        field: value
        for field, value in document.items()
        if field not in {"_id", "_created", "_updated", WORDS}
    }
    words = words_of(document["title"], document["text"])
    kept = (
        {"$set": content | {"_updated": now, WORDS: words}}
        if words
        else {"$set": content | {"_updated": now}, "$unset": {WORDS: ""}}
    )
    return {**kept, "$setOnInsert": {"_created": now}}


def _write_errors(problem: BulkWriteError) -> list[dict[str, Any]]:
    """Return the errors of single documents. Raise the whole error again if waiting may solve it."""
    errors: list[dict[str, Any]] = problem.details.get("writeErrors", [])
    if is_transient(problem) or not errors:
        raise problem
    return errors


def _refusal(document: Document, error: Mapping[str, Any]) -> Problem:
    return Problem(document["_id"], f"MongoDB refused it: {str(error.get('errmsg'))[:200]}")
