"""What the service recommend takes, and shows of it."""

from typing import Any

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.posts.documents import STORED
from kit.domain.posts.resource import POSTS as RESOURCE
from kit.mongo.indexes import Indexes, named

DOMAIN: dict[str, Any] = {
    "posts": {
        **RESOURCE,
        "resource_title": "Posts that may be recommended",
        "datasource": {"source": "posts", "default_sort": [("_id", 1)]},
        "allowed_filters": ["_id", "topic"],
        "sorting": False,
    }
}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "topic", "most_loved", "most_loved_by_topic"),
    "marks": named(MODEL["marks"], "tags_of_reader", "posts_of_tag", "liked_by_reader", "hidden_by_reader"),
}

POSTS = tuple(field for field in STORED if field != "_id")
TIMES = ("created",)

SAME = {"recommend.recommend": "posts", "recommend.topics": "posts"}
