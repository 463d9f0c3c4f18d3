"""Eve's resources: what the API holds, and what a signed-in reader finds on posts besides."""

from typing import Any

from kit.domain.marks.resource import marks_resource
from kit.domain.members.resource import MEMBERS
from kit.domain.posts.resource import POSTS
from kit.domain.search.resource import BEST_FIRST, search_resource

MARKED: dict[str, Any] = {
    "tags": {"type": "array", "items": {"type": "string"}, "description": "The signed-in reader's own."},
    "liked": {"type": "boolean"},
    "hidden": {"type": "boolean"},
}
"""As JSON Schemas."""

SEARCH = search_resource(BEST_FIRST, "Full text over title and text, best first")

DOMAIN: dict[str, Any] = {
    "posts": {**POSTS, "kit": {**POSTS["kit"], "added": MARKED}},
    "search": {**SEARCH, "kit": {**SEARCH["kit"], "added": MARKED}},
    "marks": marks_resource("tags", "liked", "hidden"),
    "members": MEMBERS,
}
