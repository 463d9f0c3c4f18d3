"""What the service like shows and takes."""

from kit.model.indexes import INDEXES as MODEL
from kit.model.indexes import Indexes, latest_of_reader, named
from kit.resources.marks import marks_resource

DOMAIN = {"marks": marks_resource("liked")}

INDEXES: Indexes = {"marks": [*named(MODEL["marks"], "likes_of_post"), latest_of_reader()]}

POSTS = ("topic",)
"""Of a post it is enough to know that there is one, and its topic."""
