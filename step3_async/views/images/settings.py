"""What the service images shows and takes."""

from typing import Any

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.posts.documents import POST_ID
from kit.mongo.indexes import Indexes

DOMAIN: dict[str, Any] = {
    "pictures": {
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
}

INDEXES: Indexes = {"image_misses": MODEL["image_misses"]}

POSTS = ("thumbnail", "url")
"""Where a post's picture may be."""

SAME = {"images.image": "posts"}
