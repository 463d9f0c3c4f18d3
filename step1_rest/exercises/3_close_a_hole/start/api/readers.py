"""Hooks for signed-in readers: posts that they hid are left out, and all others have their marks. Of other
members they see no email address.
"""

from http import HTTPStatus
from typing import Any

from eve import Eve
from flask import Request, Response, g

from kit.domain.marks.collection import Marks
from kit.domain.marks.resource import leave_out_hidden, show_marks


def add_hooks(app: Eve, marks: Marks) -> None:
    """Make the resources posts and search depend on the reader."""

    def mark_item(response: Any) -> None:
        if g.reader is not None:
            marks.put_on([response], g.reader.username)
            g.etag = response["_etag"]

    def set_marked_etag(_request: Request, response: Response) -> None:
        # Eve sends the ETag that the post has for everybody.
        if "etag" in g and response.status_code == HTTPStatus.OK:
            response.headers.remove("Last-Modified")
            response.set_etag(g.etag)

    def leave_out_emails(response: Any) -> None:
        for member in response["_items"]:
            member.pop("email", None)

    for resource in ("posts", "search"):
        leave_out_hidden(app, resource, marks)
        show_marks(app, resource, marks)
    app.on_fetched_item_posts += mark_item
    app.on_fetched_resource_directory += leave_out_emails
    app.on_post_GET_posts += set_marked_etag
