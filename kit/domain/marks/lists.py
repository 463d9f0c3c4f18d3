"""The posts that a reader liked and those they hid, the latest first; and how many readers like each post."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import BadRequest

from kit.domain.answers import Likes
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import POST_ID, as_post
from kit.http import params
from kit.http.collections import as_collection
from kit.http.operations import Operation, Schema, operation
from kit.http.paging import Found
from kit.mongo.client import Document
from kit.service.render import reply

Shown = Callable[[Sequence[Document], str], list[Any]]
"""Makes posts, as they are stored, what a reader is shown of them."""

IDS = re.compile(f"{POST_ID}(,{POST_ID}){{0,{params.LARGEST_PAGE_SIZE - 1}}}")
COUNTING = Operation(
    "How many readers like each of these posts",
    {200: Likes},
    {"posts": {"type": "string", "pattern": f"^{IDS.pattern}$", "examples": ["t3_1fymy0,se_12345"]}},
    required=frozenset({"posts"}),
    reader=True,
)


def likes(posts: Posts, marks: Marks, shown: Shown, page_schema: Schema) -> Blueprint:
    """The verbs that tell likes. `shown` makes each of `page_schema`'s items of a stored post."""
    verbs = Blueprint("likes", __name__)
    listing = _listing("The posts the reader likes, the latest first", page_schema)
    _add_list(verbs, "/likes", listing, partial(marks.latest, kind="liked"), posts=posts, shown=shown)

    @verbs.get("/like-counts")
    @operation(COUNTING)
    def like_counts() -> Response:
        given = request.args.get("posts", "")
        if not IDS.fullmatch(given):
            raise BadRequest(f"posts must be 1 to {params.LARGEST_PAGE_SIZE} ids with commas between.")
        return reply({"likes": marks.likes(given.split(","))})

    return verbs


def hidden(posts: Posts, marks: Marks, shown: Shown, page_schema: Schema) -> Blueprint:
    """The verb that tells what is hidden, as `likes` has it."""
    verbs = Blueprint("hidden", __name__)
    listing = _listing("The posts the reader hid, the latest first", page_schema)
    _add_list(verbs, "/hidden", listing, partial(marks.latest, kind="hidden"), posts=posts, shown=shown)
    return verbs


def as_known(found: Sequence[Document], _reader: str) -> list[Any]:
    """Stored posts, shown by a service that keeps few of their fields."""
    return [as_post(each) for each in found]


def page_of_known(*fields: str) -> Schema:
    """The schema of a page of what such a service knows of posts: their `_id` and these fields."""
    return {
        "allOf": [
            {"$ref": "#/components/schemas/EveCollection"},
            {"properties": {"_items": {"items": {"type": "object", "required": ["_id", *fields]}}}},
        ]
    }


def _add_list(
    verbs: Blueprint,
    path: str,
    listing: Operation,
    latest: Callable[[str], list[str]],
    *,
    posts: Posts,
    shown: Shown,
) -> None:
    @verbs.get(path)
    @operation(listing)
    def list_marked() -> Response:
        reader, page = g.reader.username, params.page()
        found = posts.in_order(latest(reader), page)
        whole = Found(shown(found.items, reader), found.total, found.more)
        return reply(as_collection(whole, page, listing.summary))


def _listing(summary: str, page_schema: Schema) -> Operation:
    return Operation(summary, {200: page_schema}, query=params.PAGING_SCHEMAS, reader=True)
