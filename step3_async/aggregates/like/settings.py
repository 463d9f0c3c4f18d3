"""What the service like shows and takes."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.indexes import latest_of_reader
from kit.domain.marks.resource import marks_resource
from kit.mongo.indexes import Indexes, named

DOMAIN = {"marks": marks_resource("liked")}

INDEXES: Indexes = {"marks": [*named(MODEL["marks"], "likes_of_post"), latest_of_reader()]}

POSTS = ("topic",)
"""Of a post it is enough to know that there is one, and its topic."""
