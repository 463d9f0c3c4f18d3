"""The lists of posts that a reader liked or hid, the latest first."""

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
"""Returns stored posts in the form in which a reader sees them, which is that of the verb's page."""


def listing(summary: str, page_schema: Schema) -> Operation:
    """Return the description of a verb that lists marked posts."""
    return Operation(summary, {200: page_schema}, query=params.PAGING_SCHEMAS, reader=True)


def add_list(
    verbs: Blueprint, path: str, described: Operation, kind: Switch, *, posts: Posts, marks: Marks, show: Show
) -> None:
    """Add to `verbs` one that lists the posts with this mark of the reader's."""

    @verbs.get(path)
    @operation(described)
    def list_marked() -> Response:
        reader, page = g.reader.username, params.page()
        found = posts.in_order(marks.latest(reader, kind), page)
        shown = Found(show(found.items, reader), found.total, found.more)
        return reply(as_collection(shown, page, described.summary))
