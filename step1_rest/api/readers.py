"""What a signed-in reader sees of Eve's resources: posts without those hidden and with the own marks."""

from typing import Any

from eve import Eve
from flask import Request, g
from werkzeug.exceptions import Forbidden

from kit import params
from kit.model.marks import Marks
from kit.model.passwords import hashed
from kit.mongo import Document
from kit.problems import Unprocessable


def add_hooks(app: Eve, marks: Marks) -> None:
    """Let Eve's resources know of readers."""

    def leave_out_hidden(request: Request, lookup: Document) -> None:
        is_collection = "_id" not in lookup
        if g.reader is not None and is_collection and (hidden := marks.hidden(g.reader.username)):
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
    app.on_pre_GET_members += only_oneself
    app.on_pre_PATCH_members += only_email
    app.on_insert_members += keep_no_password
