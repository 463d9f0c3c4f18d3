"""What the service posts shows."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.indexes import Indexes, named
from kit.domain.posts.resource import POSTS

DOMAIN = {"posts": POSTS}

INDEXES: Indexes = {"posts": named(MODEL["posts"], "newest", "topic")}
