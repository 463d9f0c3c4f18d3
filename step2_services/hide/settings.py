"""What the service hide shows, tells and takes."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.indexes import Indexes, latest_of_reader, named
from kit.domain.marks.resource import marks_resource

DOMAIN = {"marks": marks_resource("hidden")}

INDEXES: Indexes = {"marks": [*named(MODEL["marks"], "hidden_by_reader"), latest_of_reader()]}

HIDES = ("reader", "post", "topic", "hidden")

POSTS = ("topic",)
"""Of a post it is enough to know that there is one, and its topic."""
