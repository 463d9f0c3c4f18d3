"""The verb that searches."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response

from kit.domain.marks.collection import Marks
from kit.domain.parameters import QUERY_SCHEMA, read_query
from kit.domain.posts.collection import Posts
from kit.domain.posts.documents import PAGE_OF_POSTS
from kit.domain.search.search import search
from kit.http import params
from kit.http.collections import as_collection
from kit.http.operations import Operation, operation, username
from kit.service.render import reply

TITLE = "Search"


def make_blueprint(posts: Posts, marks: Marks, order: Sequence[tuple[str, Any]], summary: str) -> Blueprint:
    """Make the verb, which finds posts in this order; `summary` says in which.

    A signed-in reader sees posts with their own marks, and no hidden ones.
    """
    verbs = Blueprint("search", __name__)
    described = Operation(
        summary,
        {200: PAGE_OF_POSTS},
        {"q": QUERY_SCHEMA, **params.PAGING_SCHEMAS},
        required=frozenset({"q"}),
    )

    @verbs.get("/search")
    @operation(described)
    def find() -> Response:
        query, page, reader = read_query(), params.page(), username()
        found = search(posts, query, page, marks.hidden(reader) if reader else [], order)
        return reply(as_collection(marks.shown_page(found, reader), page, TITLE, {"q": query}))

    return verbs
