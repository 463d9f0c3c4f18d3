"""The write log: an aggregate adds a revision to each document that it writes, and names the write in its
response.
"""

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

    Each write increases the document's `revision`, whether or not it changes anything else, and stores its
    trace context. The current request's response then names what was written (see
    `rapids.hosting.response_headers`).
    """

    def __init__(self, database: Database[Document], name: str, domain: str) -> None:
        super().__init__(database, name)
        self._domain = domain

    def find_one_and_update(  # type: ignore[override]  # the update is a document, never a pipeline
        self, condition: Mapping[str, Any], update: Mapping[str, Any], **options: Any
    ) -> Document | None:
        """Update a document, and return it as it is afterwards. `options` are pymongo's."""
        stamped = {**update, "$set": {**update.get("$set", {}), **self.stamp()}, "$inc": {REVISION: 1}}
        found = super().find_one_and_update(condition, stamped, **options)
        if found:
            self.note(found["_id"], found[REVISION])
        return found

    def insert_one(self, document: Document, **options: Any) -> InsertOneResult:  # type: ignore[override]
        """Insert a document. `options` are pymongo's."""
        result = super().insert_one({**document, REVISION: 1, **self.stamp()}, **options)
        self.note(document["_id"], 1)
        return result

    def replace_one(  # type: ignore[override]
        self, condition: Mapping[str, Any], replacement: Mapping[str, Any], **options: Any
    ) -> UpdateResult:
        """Replace the document with the `_id` in `condition`. `options` are pymongo's."""
        result = super().replace_one(condition, {**replacement, REVISION: 1, **self.stamp()}, **options)
        self.note(condition["_id"], 1)
        return result

    def stamp(self) -> dict[str, Any]:
        """Return the field with the write's trace context."""
        return {TRACEPARENT: current_traceparent()}

    def note(self, key: str, revision: int) -> None:
        """Note the written document for the header of the response to the current request."""
        if has_request_context():
            g.command = f"{self._domain}:{revision}:{key}"
