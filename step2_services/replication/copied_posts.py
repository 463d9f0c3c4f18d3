"""Show posts of which a service keeps only some fields. The web face requests the others from `posts`."""

from collections.abc import Mapping, Sequence
from typing import Any

from kit.domain.marks.collection import Marks
from kit.domain.marks.lists import Show
from kit.domain.posts.documents import as_post
from kit.http.operations import Schema
from kit.mongo.client import Document


def show_marked(marks: Marks, kind: str) -> Show:
    """Return a function that shows posts with the fields that are copied, and with their reader's mark: tags,
    liked or hidden, whichever `kind` is.
    """

    def show(found: Sequence[Document], reader: str) -> list[Any]:
        known: Mapping[str, Mapping[str, Any]] = marks.on_posts([post["_id"] for post in found], reader)
        return [{**as_post(post), kind: known[post["_id"]][kind]} for post in found]

    return show


def page_of_copied(*fields: str) -> Schema:
    """Return the JSON Schema of a page of such posts: their `_id` and these fields, the mark included."""
    return {
        "allOf": [
            {"$ref": "#/components/schemas/EveCollection"},
            {"properties": {"_items": {"items": {"type": "object", "required": ["_id", *fields]}}}},
        ]
    }
