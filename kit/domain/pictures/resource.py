"""The Eve resource of pictures: which ones are kept."""

from typing import Any

from kit.domain.posts.documents import POST_ID

PICTURES: dict[str, Any] = {
    "schema": {
        "_id": {"type": "string", "regex": POST_ID},
        "length": {"type": "integer"},
        "uploadDate": {"type": "datetime"},
    },
    "resource_title": "Pictures that are kept",
    "resource_methods": ["GET"],
    "public_methods": ["GET"],
    "item_lookup": False,
    "datasource": {"source": "images.files", "default_sort": [("_id", 1)]},
}
