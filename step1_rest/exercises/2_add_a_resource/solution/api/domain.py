"""Eve's DOMAIN: the resources of the API, with the additional fields of posts for a signed-in reader."""

from typing import Any

from kit.domain.marks.documents import MARKED
from kit.domain.marks.resource import marks_resource
from kit.domain.members.resource import MEMBERS
from kit.domain.posts.documents import POST_ID
from kit.domain.posts.resource import POSTS
from kit.domain.search.resource import search_resource
from kit.domain.search.search import BEST_FIRST

SEARCH = search_resource(BEST_FIRST, "Full text over title and text, best first")

NOTES: dict[str, Any] = {
    "schema": {
        "post": {
            "type": "string",
            "regex": POST_ID,
            "data_relation": {"resource": "posts"},
            "required": True,
        },
        "text": {"type": "string", "minlength": 1, "maxlength": 500, "required": True},
    },
    "resource_title": "The reader's notes on posts",
    "resource_methods": ["GET", "POST"],
    "item_methods": ["GET", "PATCH", "DELETE"],
    "auth_field": "reader",
    "datasource": {"source": "notes", "default_sort": [("_id", -1)]},
    "allowed_filters": ["post"],
    "sorting": True,
    "projection": True,
}

DOMAIN: dict[str, Any] = {
    "posts": {**POSTS, "kit": {**POSTS["kit"], "added": MARKED}},
    "search": {**SEARCH, "kit": {**SEARCH["kit"], "added": MARKED}},
    "marks": marks_resource("tags", "liked", "hidden"),
    "members": MEMBERS,
    "notes": NOTES,
}
