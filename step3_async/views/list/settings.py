"""What the service list shows and takes."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.posts.resource import POSTS as RESOURCE
from kit.mongo.indexes import Indexes, named

DOMAIN = {"posts": RESOURCE}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "newest", "topic"),
    "marks": named(MODEL["marks"], "hidden_by_reader"),
}

SAME = {"posts|resource": "posts", "posts|item_lookup": "posts"}
