"""What a signed-in reader sees of Eve's resources: posts without those hidden and with the own marks."""

from http import HTTPStatus
from typing import Any

from eve import Eve
from flask import Request, Response, g
from werkzeug.exceptions import Forbidden

from kit import params
from kit.model.marks import Marks
from kit.model.passwords import hashed
from kit.mongo import Document
from kit.problems import Unprocessable

CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")


def add_hooks(app: Eve, marks: Marks) -> None:
    """Let Eve's resources know of readers."""

    def leave_out_hidden(request: Request, lookup: Document) -> None:
        if g.reader is None:
            return
        if "_id" in lookup:
            # Eve would compare with the ETag that the post has for everybody; see `compare_marked`.
            g.conditions = {name: request.environ.pop(name, None) for name in CONDITIONS}
        elif hidden := marks.hidden(g.reader.username):
            lookup["_id"] = {"$nin": hidden}

    def search(request: Request, lookup: Document) -> None:
        lookup["$text"] = {"$search": params.query()}
        leave_out_hidden(request, lookup)

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

    def only_oneself(request: Request, lookup: Document) -> None:
        if g.reader.username != lookup["_id"]:
            raise Forbidden("Members see and change themselves only.")

    def only_email(request: Request, lookup: Document) -> None:
        only_oneself(request, lookup)
        fixed = set(request.get_json()) - {"email"}
        if fixed:
            raise Unprocessable(dict.fromkeys(map(str, fixed), "only the email can be changed"))

    def keep_no_password(documents: list[Document]) -> None:
        for member in documents:
            member["password"] = hashed(member["password"])
            member["created"] = member["_created"]
            member.setdefault("email", None)

    app.on_pre_GET_posts += leave_out_hidden
    app.on_pre_GET_search += search
    app.on_fetched_resource_posts += mark_page
    app.on_fetched_resource_search += mark_page
    app.on_fetched_item_posts += mark_item
    app.on_post_GET_posts += compare_marked
    app.on_pre_GET_members += only_oneself
    app.on_pre_PATCH_members += only_email
    app.on_insert_members += keep_no_password
