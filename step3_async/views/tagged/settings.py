"""What the service tagged shows and takes."""

from typing import Any

from pymongo import ASCENDING, IndexModel

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.marks.resource import marks_resource
from kit.domain.posts.resource import POSTS as RESOURCE
from kit.mongo.indexes import Indexes, named

MARKED: dict[str, Any] = {
    "tags": {"type": "array", "items": {"type": "string"}},
    "liked": {"type": "boolean"},
    "hidden": {"type": "boolean"},
}
"""What tagged posts have besides, as JSON Schemas."""

DOMAIN: dict[str, Any] = {
    "marks": {**marks_resource("tags", "liked", "hidden"), "sorting": False},
    "posts": {
        **RESOURCE,
        "resource_title": "Posts that may be tagged",
        "allowed_filters": ["_id", "topic"],
        "sorting": False,
        "kit": {**RESOURCE["kit"], "added": MARKED},
    },
}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "newest"),
    "marks": [
        *named(MODEL["marks"], "tags_of_reader", "liked_by_reader", "hidden_by_reader", "likes_of_post"),
        IndexModel([("reader", ASCENDING), ("post", ASCENDING)], name="post_of_reader"),
    ],
}
