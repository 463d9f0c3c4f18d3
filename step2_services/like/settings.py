"""What the service like shows, tells and takes."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.indexes import Indexes, latest_of_reader, named
from kit.domain.marks.resource import marks_resource

DOMAIN = {"marks": marks_resource("liked")}

INDEXES: Indexes = {"marks": [*named(MODEL["marks"], "likes_of_post", "liked_by_reader"), latest_of_reader()]}

LIKES = ("reader", "post", "topic", "liked")

POSTS = ("topic",)
"""Of a post it is enough to know that there is one, and its topic."""
