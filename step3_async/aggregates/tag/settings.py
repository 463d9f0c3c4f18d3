"""What the service tag shows and takes."""

from kit.domain.indexes import latest_of_reader
from kit.domain.marks.resource import marks_resource
from kit.mongo.indexes import Indexes

DOMAIN = {"marks": marks_resource("tags")}

INDEXES: Indexes = {"marks": [latest_of_reader()]}

POSTS = ("topic",)
"""Of a post it is enough to know that there is one, and its topic."""
