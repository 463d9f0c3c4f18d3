"""The Eve resource of shares: what the reader shared."""

from typing import Any

from kit.domain.posts.resource import TEXT

SHARES: dict[str, Any] = {
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
