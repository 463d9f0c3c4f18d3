"""The Eve resource of members, who see and change only themselves."""

from typing import Any

from eve import Eve
from flask import Request, g
from werkzeug.exceptions import Forbidden

from kit.domain.members.passwords import hashed
from kit.http.problems import Unprocessable
from kit.mongo.client import Document

MEMBERS: dict[str, Any] = {
    "schema": {
        "_id": {"type": "string", "regex": "[a-z0-9_]{3,30}", "required": True},
        "password": {
            "type": "string",
            "minlength": 10,
            "maxlength": 200,
            "check_with": "one_line",
            "required": True,
        },
        "email": {"type": "string", "maxlength": 254, "check_with": "email", "nullable": True},
        "created": {"type": "datetime", "readonly": True},
    },
    "resource_title": "Members",
    "resource_methods": ["POST"],
    "item_methods": ["GET", "PATCH"],
    "public_methods": ["POST"],
    "datasource": {"source": "members", "projection": {"email": 1, "created": 1}},
}


def guard_members(app: Eve) -> None:
    """Make members of `app` see and change only themselves, and store passwords only as hashes."""

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

    app.on_pre_GET_members += only_oneself
    app.on_pre_PATCH_members += only_email
    app.on_insert_members += keep_no_password
