"""The write log: what an aggregate notes of each write to the collection that it owns."""

from collections.abc import Mapping
from typing import Any

from flask import g, has_request_context
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.results import InsertOneResult, UpdateResult

from kit.mongo.client import Document
from step3_async.rapids.tracing import TRACEPARENT, current_traceparent

REVISION = "revision"


class WriteLog(Collection[Document]):
    """The collection `name` of the aggregate that owns `domain`.

    Each write counts up the document's `revision`, whether or not it changes anything else, and keeps the
    trace that it belongs to. The current request's response then names what was written (see
    `rapids.hosting.response_headers`).
    """

    def __init__(self, database: Database[Document], name: str, domain: str) -> None:
        super().__init__(database, name)
        self._domain = domain

    def find_one_and_update(  # type: ignore[override]  # the update is a document, never a pipeline
        self, condition: Mapping[str, Any], update: Mapping[str, Any], **options: Any
    ) -> Document | None:
        """Update a document and give it as it is after that; `options` as pymongo has them."""
        stamped = {**update, "$set": {**update.get("$set", {}), **self.stamp()}, "$inc": {REVISION: 1}}
        found = super().find_one_and_update(condition, stamped, **options)
        if found:
            self.note(found["_id"], found[REVISION])
        return found

    def insert_one(self, document: Document, **options: Any) -> InsertOneResult:  # type: ignore[override]
        """Insert a document; `options` as pymongo has them."""
        result = super().insert_one({**document, REVISION: 1, **self.stamp()}, **options)
        self.note(document["_id"], 1)
        return result

    def replace_one(  # type: ignore[override]
        self, condition: Mapping[str, Any], replacement: Mapping[str, Any], **options: Any
    ) -> UpdateResult:
        """Replace the document with the `_id` in `condition`; `options` as pymongo has them."""
        result = super().replace_one(condition, {**replacement, REVISION: 1, **self.stamp()}, **options)
        self.note(condition["_id"], 1)
        return result

    def stamp(self) -> dict[str, Any]:
        """Return the trace that the write belongs to."""
        return {TRACEPARENT: current_traceparent()}

    def note(self, key: str, revision: int) -> None:
        """Have the response to the current request name the document that was written."""
        if has_request_context():
            g.command = f"{self._domain}:{revision}:{key}"
