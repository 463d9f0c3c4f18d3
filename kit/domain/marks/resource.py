"""Marks: what the reader has done to posts. Only their own are shown to anybody."""

from typing import Any

from kit.domain.posts.resource import TEXT
from kit.mongo.document_schema import MARK_SCHEMA

RULES: dict[str, Any] = {
    "tags": {"type": "list", "schema": TEXT},
    "liked": {"type": "boolean"},
    "hidden": {"type": "boolean"},
}


def marks_resource(*kinds: str) -> dict[str, Any]:
    """The resource over the collection `marks`, with these of tags, liked and hidden.

    Sorted by `-at` the latest come first.
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
        "kit": {"fit": MARK_SCHEMA},
    }
