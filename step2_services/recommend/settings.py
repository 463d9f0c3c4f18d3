"""What the service recommend takes, and shows of it."""

from typing import Any

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.indexes import Indexes, named
from kit.domain.posts.collection import FIELDS
from kit.domain.posts.resource import POSTS as RESOURCE

DOMAIN: dict[str, Any] = {
    "posts": {
        **RESOURCE,
        "resource_title": "Copies of posts",
        "datasource": {"source": "posts", "default_sort": [("_id", 1)]},
        "allowed_filters": ["_id", "topic"],
        "sorting": False,
    }
}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "topic", "most_loved", "most_loved_by_topic"),
    "marks": named(MODEL["marks"], "tags_of_reader", "posts_of_tag", "liked_by_reader", "hidden_by_reader"),
}

POSTS = tuple(field for field in FIELDS if field != "_id")
TIMES = ("created",)

MARK = ("reader", "post", "topic")
MARKS = {"tags": "tags", "likes": "liked", "hides": "hidden"}
"""What three services each know of a mark comes together here."""
