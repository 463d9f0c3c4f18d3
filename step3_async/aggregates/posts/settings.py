"""What the service posts shows."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.posts.resource import POSTS
from kit.mongo.indexes import Indexes, named

DOMAIN = {"posts": POSTS}

INDEXES: Indexes = {"posts": named(MODEL["posts"], "newest", "topic")}
