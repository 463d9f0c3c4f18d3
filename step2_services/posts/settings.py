"""What the service posts shows, tells and takes."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.indexes import Indexes, named
from kit.domain.posts.collection import FIELDS
from kit.domain.posts.resource import POSTS
from kit.domain.search.words import WORDS

DOMAIN = {"posts": POSTS}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "newest", "topic"),
    "marks": named(MODEL["marks"], "hidden_by_reader"),
}

TOLD = tuple(field for field in (*FIELDS, WORDS, "_created", "_updated") if field != "_id")
"""Who needs posts may have all of them."""

HIDES = ("reader", "post", "hidden")
"""Whose list leaves out which post."""
