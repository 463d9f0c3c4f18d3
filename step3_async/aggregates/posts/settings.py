"""What the service posts shows."""

from kit.model.indexes import INDEXES as MODEL
from kit.model.indexes import Indexes, named
from kit.resources.posts import POSTS

DOMAIN = {"posts": POSTS}

INDEXES: Indexes = {"posts": named(MODEL["posts"], "newest", "topic")}
