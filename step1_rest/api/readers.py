"""What a signed-in reader sees of posts: not those hidden, and all with their own marks."""

from http import HTTPStatus
from typing import Any

from eve import Eve
from flask import Request, Response, g

from kit.model.marks import Marks
from kit.mongo import Document
from kit.resources.posts import leave_out_hidden

CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")


def add_hooks(app: Eve, marks: Marks) -> None:
    """Let posts and search know of readers."""

    def compare_later(request: Request, lookup: Document) -> None:
        # Eve would compare with the ETag that the post has for everybody; see `compare_marked`.
        if g.reader is not None and "_id" in lookup:
            g.conditions = {name: request.environ.pop(name, None) for name in CONDITIONS}

    def mark_page(response: dict[str, Any]) -> None:
        if g.reader is not None:
            marks.put_on(response["_items"], g.reader.username)

    def mark_item(response: Any) -> None:
        if g.reader is not None:
            marks.put_on([response], g.reader.username)
            g.etag = response["_etag"]

    def compare_marked(request: Request, response: Response) -> None:
        if "etag" not in g or response.status_code != HTTPStatus.OK:
            return
        request.environ.update({name: value for name, value in g.conditions.items() if value})
        response.headers.remove("Last-Modified")
        response.set_etag(g.etag)
        response.make_conditional(request.environ)

    leave_out_hidden(app, "posts", marks)
    leave_out_hidden(app, "search", marks)
    app.on_pre_GET_posts += compare_later
    app.on_fetched_resource_posts += mark_page
    app.on_fetched_resource_search += mark_page
    app.on_fetched_item_posts += mark_item
    app.on_post_GET_posts += compare_marked
