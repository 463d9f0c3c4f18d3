"""What the service share shows and takes."""

from typing import Any

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.posts.resource import TEXT
from kit.mongo.indexes import Indexes

DOMAIN: dict[str, Any] = {
    "shares": {
        "schema": {
            "_id": {"type": "string", "regex": "[0-9a-f]{32}"},
            **dict.fromkeys(("reader", "post", "to", "note"), TEXT),
            "at": {"type": "datetime"},
        },
        "resource_title": "What the reader shared",
        "resource_methods": ["GET"],
        "item_lookup": False,
        "auth_field": "reader",
        "datasource": {"source": "shares", "default_sort": [("_id", 1)]},
    }
}

INDEXES: Indexes = {"shares": MODEL["shares"]}

POSTS = ("title", "url", "permalink")
"""What a mail says of a post."""
