"""Writes posts into a collection so that loading again updates and never doubles."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Event
from typing import Any

from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from kit.model.words import WORDS, words_of
from workshop.load.patience import is_transient, patiently
from workshop.load.post import Document
from workshop.load.problems import Problem
from workshop.load.tally import Tally

_ABSENT = ""
_OF_ANY_SITE = re.compile(r"se_[0-9]+")
_ANOTHER = (
    "another site's post has this number, and stays. "
    "Name the site that this dump is from: SITE=serverfault.com, say"
)


class Writer:
    """Inserts posts that are new, updates those whose content changed, leaves the others alone.

    `_created` is set once; `_updated` moves only when content does. Fields the loader does not know stay.
    Words that MongoDB does not find in a text by itself are kept beside it, see `kit.model.words`.
    """

    def __init__(self, collection: Collection[Document], stop: Event, note: Callable[[str], None]) -> None:
        self._collection = collection
        self._stop = stop
        self._note = note
        self._all_new = False

    def write(self, documents: Sequence[Document]) -> Tally:
        """Write one batch; of several documents with one `_id` the last stays. Waits while MongoDB is away.

        Returns the counts, with documents that MongoDB refused as bad. Raises LoadError (see `patiently`).
        """
        tally, latest = _latest(documents)
        before: dict[str, str | None] = {}
        if latest:
            tally.add(patiently(lambda: self._attempt(latest, before), self._stop, self._note))
        return tally

    def _attempt(self, documents: Mapping[str, Document], before: dict[str, str | None]) -> Tally:
        """Write what is not yet written. `before` keeps the etags the first attempt found: when the answer to
        a write was lost, the next attempt finds it done, and it is new or updated all the same.
        """
        now = datetime.now(UTC).replace(microsecond=0)
        # A load of new posts saves the look-up: as long as all of the batch before were new, so may these be.
        stored = {} if self._all_new and not before else self._stored(list(documents))
        for _id in documents:
            before.setdefault(_id, _etag(stored[_id]) if _id in stored else _ABSENT)
        refused, overtaken = self._insert([documents[_id] for _id in documents if _id not in stored], now)
        if overtaken:
            found = self._stored(overtaken)
            stored |= found
            before |= {_id: _etag(document) for _id, document in found.items()}
        changed = [documents[_id] for _id, there in stored.items() if _differs(documents[_id], there)]
        others = [document for document in changed if _is_another(document, stored[document["_id"]])]
        refused += [Problem(document["_id"], _ANOTHER) for document in others]
        refused += self._update([document for document in changed if document not in others], now)
        tally = _count(documents, before, refused)
        self._all_new = tally.new == len(documents)
        return tally

    def _stored(self, ids: list[str]) -> dict[str, Document]:
        """Of the posts that are there, what tells whether they are the same."""
        fields = {"_etag": 1, "created": 1, WORDS: {"$gt": [f"${WORDS}", None]}}
        found = self._collection.find({"_id": {"$in": ids}}, fields, batch_size=len(ids) + 1)
        return {document["_id"]: document for document in found}

    def _insert(self, documents: list[Document], now: datetime) -> tuple[list[Problem], list[str]]:
        """What MongoDB refused, and the `_id`s that somebody else has inserted since they were looked up."""
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
    """Whether the stored post has other content, or was written before there were words."""
    return document["_etag"] != _etag(stored) or stored.get(WORDS) != bool(
        words_of(document["title"], document["text"])
    )


def _etag(document: Document) -> str | None:
    return document.get("_etag")


def _is_another(document: Document, stored: Document) -> bool:
    """Whether the stored post is of another site, where the `_id` names none: its date would be the same."""
    created = stored.get("created")
    if not _OF_ANY_SITE.fullmatch(document["_id"]) or not isinstance(created, datetime):
        return False
    asked: datetime = document["created"]
    return created.replace(tzinfo=None) != asked.replace(tzinfo=None)


def _latest(documents: Sequence[Document]) -> tuple[Tally, dict[str, Document]]:
    """The last document of each `_id`, and a tally of those it takes the place of."""
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
    tally.problems(refused)
    for _id in documents.keys() - {problem.where for problem in refused}:
        if before[_id] == _ABSENT:
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
    """The errors of single documents; raises the whole again where waiting may mend it."""
    errors: list[dict[str, Any]] = problem.details.get("writeErrors", [])
    if is_transient(problem) or not errors:
        raise problem
    return errors


def _refusal(document: Document, error: Mapping[str, Any]) -> Problem:
    return Problem(document["_id"], f"MongoDB refused it: {str(error.get('errmsg'))[:200]}")
