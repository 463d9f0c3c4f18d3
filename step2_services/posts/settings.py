"""What the service posts shows, tells and takes."""

from kit.model.indexes import INDEXES as MODEL
from kit.model.indexes import Indexes, named
from kit.model.posts import FIELDS
from kit.model.words import WORDS
from kit.resources.posts import POSTS

DOMAIN = {"posts": POSTS}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "newest", "topic"),
    "marks": named(MODEL["marks"], "hidden_by_reader"),
}

TOLD = tuple(field for field in (*FIELDS, WORDS, "_created", "_updated") if field != "_id")
"""Who needs posts may have all of them."""

HIDES = ("reader", "post", "hidden")
"""Whose list leaves out which post."""
