"""Eve's DOMAIN: the resources of the API, with the additional fields of posts for a signed-in reader."""

from typing import Any

from kit.domain.marks.documents import MARKED
from kit.domain.marks.resource import marks_resource
from kit.domain.members.resource import MEMBERS
from kit.domain.posts.resource import POSTS
from kit.domain.search.resource import search_resource
from kit.domain.search.search import BEST_FIRST

SEARCH = search_resource(BEST_FIRST, "Full text over title and text, best first")

DIRECTORY: dict[str, Any] = {
    "schema": {
        "_id": MEMBERS["schema"]["_id"],
        "created": {"type": "datetime"},
    },
    "resource_title": "The members, by name",
    "resource_methods": ["GET"],
    "public_methods": ["GET"],
    "item_lookup": False,
    "datasource": {"source": "members", "default_sort": [("_id", 1)]},
    "allowed_filters": ["_id", "created"],
    "sorting": True,
    "projection": True,
}

DOMAIN: dict[str, Any] = {
    "posts": {**POSTS, "kit": {**POSTS["kit"], "added": MARKED}},
    "search": {**SEARCH, "kit": {**SEARCH["kit"], "added": MARKED}},
    "marks": marks_resource("tags", "liked", "hidden"),
    "members": MEMBERS,
    "directory": DIRECTORY,
}
