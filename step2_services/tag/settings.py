"""What the service tag shows, tells and takes."""

from kit.domain.indexes import INDEXES as MODEL
from kit.domain.indexes import Indexes, latest_of_reader, named
from kit.domain.marks.resource import marks_resource

DOMAIN = {"marks": marks_resource("tags")}

INDEXES: Indexes = {
    "posts": named(MODEL["posts"], "newest"),
    "marks": [*named(MODEL["marks"], "tags_of_reader"), latest_of_reader()],
}

TAGS = ("reader", "post", "topic", "tags")

POSTS = ("topic", "created")
"""Of a post it is enough to know that there is one, what its topic is, and where it belongs in a list."""

TIMES = ("created",)
