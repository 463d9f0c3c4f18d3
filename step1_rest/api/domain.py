"""Eve's resources: what each holds, who may do what with it, and what may be asked."""

from typing import Any

from kit.model.indexes import NEWEST
from kit.model.post import POST_ID

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}

POST: dict[str, Any] = {
    "_id": {"type": "string", "regex": POST_ID},
    "source": {"type": "string", "allowed": ["reddit", "stackexchange"]},
    **dict.fromkeys(("title", "text", "author", "topic", "url", "permalink", "thumbnail"), TEXT),
    "created": {"type": "datetime"},
    **dict.fromkeys(("score", "ups", "downs", "num_comments"), NUMBER),
    "over_18": {"type": "boolean"},
}

MARKED = {
    "tags": {"type": "array", "items": {"type": "string"}, "description": "The signed-in reader's own."},
    "liked": {"type": "boolean"},
    "hidden": {"type": "boolean"},
}
"""What a signed-in reader finds on posts besides, as JSON Schemas."""

POSTS: dict[str, Any] = {
    "schema": POST,
    "resource_title": "Posts",
    "resource_methods": ["GET"],
    "item_methods": ["GET"],
    "public_methods": ["GET"],
    "public_item_methods": ["GET"],
    "datasource": {"source": "posts", "default_sort": NEWEST},
    "allowed_filters": ["_id", "source", "author", "topic", "created", "score", "num_comments", "over_18"],
    "sorting": True,
    "projection": True,
    "kit": {"added": MARKED},
}

SEARCH: dict[str, Any] = {
    **POSTS,
    "resource_title": "Search",
    "item_lookup": False,
    "datasource": {
        "source": "posts",
        "default_sort": [("relevance", {"$meta": "textScore"}), ("_id", 1)],
    },
    "kit": {
        "query": {"q": {"type": "string", "minLength": 1, "maxLength": 200, "examples": ["flask"]}},
        "required": ["q"],
        "added": MARKED,
        "summary": "Full text over title and text, best first",
    },
}

MARKS: dict[str, Any] = {
    "schema": {
        "_id": {"type": "string", "regex": r"[a-z0-9_]{3,30}:.{1,80}"},
        "reader": TEXT,
        "post": TEXT,
        "topic": TEXT,
        "tags": {"type": "list", "schema": TEXT},
        "liked": {"type": "boolean"},
        "hidden": {"type": "boolean"},
    },
    "resource_title": "The reader's marks",
    "resource_methods": ["GET"],
    "item_lookup": False,
    "auth_field": "reader",
    "datasource": {"source": "marks", "default_sort": [("_id", 1)]},
    "allowed_filters": ["post", "topic", "tags", "liked", "hidden"],
    "projection": True,
}

MEMBERS: dict[str, Any] = {
    "schema": {
        "_id": {"type": "string", "regex": "[a-z0-9_]{3,30}", "required": True},
        "password": {
            "type": "string",
            "minlength": 10,
            "maxlength": 200,
            "check_with": "one_line",
            "required": True,
        },
        "email": {"type": "string", "maxlength": 254, "check_with": "email", "nullable": True},
        "created": {"type": "datetime", "readonly": True},
    },
    "resource_title": "Members",
    "resource_methods": ["POST"],
    "item_methods": ["GET", "PATCH"],
    "public_methods": ["POST"],
    "datasource": {"source": "members", "projection": {"email": 1, "created": 1}},
}

DOMAIN = {"posts": POSTS, "search": SEARCH, "marks": MARKS, "members": MEMBERS}
