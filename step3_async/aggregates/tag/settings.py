"""What the service tag shows and takes."""

from kit.model.indexes import Indexes, latest_of_reader
from kit.resources.marks import marks_resource

DOMAIN = {"marks": marks_resource("tags")}

INDEXES: Indexes = {"marks": [latest_of_reader()]}

POSTS = ("topic",)
"""Of a post it is enough to know that there is one, and its topic."""
