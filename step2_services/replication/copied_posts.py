"""Show posts of which a service keeps only some fields. The web face requests the others from `posts`."""

from collections.abc import Sequence
from typing import Any

from kit.domain.posts.documents import as_post
from kit.http.operations import Schema
from kit.mongo.client import Document


def show_copied(found: Sequence[Document], _reader: str) -> list[Any]:
    """Return posts with the fields that are copied."""
    return [as_post(each) for each in found]


def page_of_copied(*fields: str) -> Schema:
    """Return the JSON Schema of a page of such posts: their `_id` and these fields."""
    return {
        "allOf": [
            {"$ref": "#/components/schemas/EveCollection"},
            {"properties": {"_items": {"items": {"type": "object", "required": ["_id", *fields]}}}},
        ]
    }
