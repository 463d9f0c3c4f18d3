"""The Eve resource of marks: what the reader has done to posts. Each reader sees only their own."""

from typing import Any

from eve import Eve
from flask import Request, g

from kit.domain.marks.collection import Marks
from kit.domain.marks.documents import MARK_SCHEMA
from kit.domain.posts.collection import excluding
from kit.domain.posts.resource import TEXT
from kit.mongo.client import Document

RULES: dict[str, Any] = {
    "tags": {"type": "list", "schema": TEXT},
    "liked": {"type": "boolean"},
    "hidden": {"type": "boolean"},
}


def marks_resource(*kinds: str) -> dict[str, Any]:
    """Describe the resource over the collection `marks`, with those fields of tags, liked and hidden that
    `kinds` names. Sorted by `-at`, the latest marks come first.
    """
    return {
        "schema": {
            "_id": {"type": "string", "regex": r"[a-z0-9_]{3,30}:.{1,80}"},
            "reader": TEXT,
            "post": TEXT,
            "topic": TEXT,
            "at": {"type": "datetime"},
            **{kind: RULES[kind] for kind in kinds},
        },
        "resource_title": "The reader's marks",
        "resource_methods": ["GET"],
        "item_lookup": False,
        "auth_field": "reader",
        "datasource": {"source": "marks", "default_sort": [("_id", 1)]},
        "allowed_filters": ["post", "topic", "at", *kinds],
        "sorting": True,
        "projection": True,
        "kit": {"document_schema": MARK_SCHEMA},
    }


def leave_out_hidden(app: Eve, resource: str, marks: Marks) -> None:
    """Make a resource of posts leave out those that the reader hid."""

    def leave_out(_request: Request, lookup: Document) -> None:
        if g.reader is not None and "_id" not in lookup:
            lookup.update(excluding(marks.hidden(g.reader.username)))

    event = getattr(app, f"on_pre_GET_{resource}")
    event += leave_out


def show_marks(app: Eve, resource: str, marks: Marks) -> None:
    """Make a resource of posts show each with the reader's marks."""

    def show(response: dict[str, Any]) -> None:
        if g.reader is not None:
            marks.put_on(response["_items"], g.reader.username)

    event = getattr(app, f"on_fetched_resource_{resource}")
    event += show
