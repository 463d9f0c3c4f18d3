"""The Eve resource of posts: the collection, newest first or by a filter, and one of them."""

from typing import Any

from kit.domain.posts.collection import DATED, NEWEST
from kit.domain.posts.documents import COUNTS, POST_ID, POST_SCHEMA, SOURCES, TEXTS

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}

POSTS: dict[str, Any] = {
    "schema": {
        "_id": {"type": "string", "regex": POST_ID},
        "source": {"type": "string", "allowed": list(SOURCES)},
        **dict.fromkeys(TEXTS, TEXT),
        "created": {"type": "datetime"},
        **dict.fromkeys(COUNTS, INTEGER),
        "over_18": {"type": "boolean"},
    },
    "resource_title": "Posts",
    "resource_methods": ["GET"],
    "item_methods": ["GET"],
    "public_methods": ["GET"],
    "public_item_methods": ["GET"],
    "datasource": {"source": "posts", "default_sort": NEWEST, "filter": DATED},
    "allowed_filters": ["_id", "source", "author", "topic", "created", "score", "num_comments", "over_18"],
    "sorting": True,
    "projection": True,
    "kit": {"document_schema": POST_SCHEMA},
}
