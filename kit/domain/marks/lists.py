"""Verbs that list the posts that a reader liked or hid, the latest first."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, g

from kit.domain.marks.collection import Marks, Switch
from kit.domain.posts.collection import Posts
from kit.http import params
from kit.http.collections import Found, as_collection
from kit.http.operations import Operation, Schema, operation
from kit.mongo.client import Document
from kit.service.render import reply

Show = Callable[[Sequence[Document], str], list[Any]]
"""A function of stored posts and a reader's name. It returns the posts in the form that the verb responds
with.
"""


def listing(summary: str, page_schema: Schema) -> Operation:
    """Return the description of a verb that lists marked posts."""
    return Operation(summary, {200: page_schema}, query=params.PAGING_SCHEMAS, reader=True)


def add_list(
    verbs: Blueprint,
    path: str,
    described: Operation,
    kind: Switch,
    *,
    title: str,
    posts: Posts,
    marks: Marks,
    show: Show,
) -> None:
    """Add to `verbs` one at `path` that lists the posts that the reader liked, or hid, whichever `kind`
    is.
    """

    @verbs.get(path)
    @operation(described)
    def list_marked() -> Response:
        reader, page = g.reader.username, params.page()
        found = posts.in_order(marks.latest(reader, kind), page)
        shown = Found(show(found.items, reader), found.total, found.more)
        return reply(as_collection(shown, page, title))
