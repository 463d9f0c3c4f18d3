"""Posts: the collection, newest first or by a filter, and one of them."""

from typing import Any

from eve import Eve
from flask import Request, g

from kit.domain.indexes import NEWEST
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import DATED, but
from kit.domain.posts.documents import POST_ID
from kit.mongo.client import Document
from kit.mongo.document_schema import POST_SCHEMA
from kit.own_marks import own_marks

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

POSTS: dict[str, Any] = {
    "schema": POST,
    "resource_title": "Posts",
    "resource_methods": ["GET"],
    "item_methods": ["GET"],
    "public_methods": ["GET"],
    "public_item_methods": ["GET"],
    "datasource": {"source": "posts", "default_sort": NEWEST, "filter": DATED},
    "allowed_filters": ["_id", "source", "author", "topic", "created", "score", "num_comments", "over_18"],
    "sorting": True,
    "projection": True,
    "kit": {"fit": POST_SCHEMA},
}


def leave_out_hidden(app: Eve, resource: str, marks: Marks) -> None:
    """Have the collection leave out what the reader hid; `marks` may lie behind, see `own_marks`."""

    def leave_out(request: Request, lookup: Document) -> None:
        if g.reader is not None and "_id" not in lookup:
            lookup.update(but(marks.hidden(g.reader.username, own_marks())))

    event = getattr(app, f"on_pre_GET_{resource}")
    event += leave_out
