"""Tag, and the reader's tags."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, g, request

from kit.domain.answers import TagCounts, Tags
from kit.domain.marks.collection import Marks
from kit.domain.posts.collection import Posts
from kit.http import params
from kit.http.collections import as_collection
from kit.http.operations import Operation, Schema, operation
from kit.http.paging import Found
from kit.mongo.client import Document
from kit.service.render import reply

TAG = {"type": "string", "pattern": f"^{params.TAG.pattern}$", "examples": ["read-later"]}
TAGGING = Operation("Put a tag on a post, or take it off", {200: Tags}, path={"tag": TAG}, reader=True)
TAGS = Operation("The reader's tags", {200: TagCounts}, query=params.PAGING_SCHEMAS, reader=True)


def make_blueprint(
    posts: Posts, marks: Marks, shown: Callable[[Sequence[Document], str], list[Any]], page_schema: Schema
) -> Blueprint:
    """All of the verbs; see `commands` and `questions`."""
    verbs = Blueprint("tag", __name__)
    _add_commands(verbs, posts, marks)
    _add_questions(verbs, posts, marks, shown, page_schema)
    return verbs


def commands(posts: Posts, marks: Marks) -> Blueprint:
    """The verbs that change a reader's tags."""
    verbs = Blueprint("tag", __name__)
    _add_commands(verbs, posts, marks)
    return verbs


def questions(
    posts: Posts, marks: Marks, shown: Callable[[Sequence[Document], str], list[Any]], page_schema: Schema
) -> Blueprint:
    """The verbs that tell a reader's tags. `shown` makes tagged posts, as they are stored, what a reader is
    shown of them, each of `page_schema`'s items.
    """
    verbs = Blueprint("tagged", __name__)
    _add_questions(verbs, posts, marks, shown, page_schema)
    return verbs


def _add_commands(verbs: Blueprint, posts: Posts, marks: Marks) -> None:
    @verbs.route("/posts/<post_id>/tags/<tag>", methods=["PUT", "DELETE"])
    @operation(TAGGING)
    def tag(post_id: str, tag: str) -> Response:
        change = marks.tag if request.method == "PUT" else marks.untag
        topic = posts.known(post_id)["topic"]
        return reply({"post": post_id, "tags": change(g.reader.username, post_id, topic, params.tag(tag))})


def _add_questions(
    verbs: Blueprint,
    posts: Posts,
    marks: Marks,
    shown: Callable[[Sequence[Document], str], list[Any]],
    page_schema: Schema,
) -> None:
    tagged_posts = Operation(
        "The posts the reader put this tag on, newest first",
        {200: page_schema},
        query=params.PAGING_SCHEMAS,
        path={"tag": TAG},
        reader=True,
    )

    @verbs.get("/tags")
    @operation(TAGS)
    def tags() -> Response:
        page = params.page()
        return reply(as_collection(marks.tags(g.reader.username, page), page, "Tags"))

    @verbs.get("/tags/<tag>")
    @operation(tagged_posts)
    def tagged(tag: str) -> Response:
        reader, page = g.reader.username, params.page()
        found = posts.among(marks.tagged(reader, params.tag(tag)), page)
        whole = Found(shown(found.items, reader), found.total, found.more)
        return reply(as_collection(whole, page, "Tagged"))
