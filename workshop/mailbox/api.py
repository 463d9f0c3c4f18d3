"""The part of Mailpit's API that programs need, so a real Mailpit can replace this catcher.

Names and shapes are those of Mailpit's API v1 (GET and DELETE /api/v1/messages, GET /api/v1/message/{ID}).
"""

from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from werkzeug.exceptions import BadRequest

from workshop.mailbox.box import Box
from workshop.mailbox.headers import Person
from workshop.mailbox.message import Message

DEFAULT_LIMIT = 50


def api(box: Box) -> Blueprint:
    """Return the routes under /api/v1."""
    routes = Blueprint("api", __name__, url_prefix="/api/v1")

    @routes.get("/messages")
    def messages() -> Response:
        start, limit = _number("start", 0), _number("limit", DEFAULT_LIMIT)
        found = [_summary(message) for message in box.latest(start, limit)]
        return jsonify(total=len(box), start=start, count=len(found), messages=found)

    @routes.get("/message/<message_id>")
    def message(message_id: str) -> Response:
        found = box.get(message_id)
        if found is None:
            abort(404, "There is no such message. It may have been deleted, or dropped to make room.")
        attachments = [
            {"FileName": each.filename, "ContentType": each.media_type, "Size": each.size}
            for each in found.body.attachments
        ]
        content = {"Text": found.body.text, "HTML": found.body.html, "Attachments": attachments}
        return jsonify({**_summary(found), **content})

    @routes.delete("/messages")
    def delete() -> Response:
        body = request.get_json(force=True) if request.get_data() else {}
        ids = body.get("IDs", []) if isinstance(body, dict) else None
        if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
            raise BadRequest('Send no body to delete all messages, or {"IDs": ["…"]} to delete some.')
        box.delete(ids or None)
        return Response("ok", mimetype="text/plain")

    return routes


def _number(name: str, default: int) -> int:
    text = request.args.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise BadRequest(f"{name}={text} is not a whole number from 0.")
    return int(text)


def _summary(message: Message) -> dict[str, Any]:
    return {
        "ID": message.id,
        "From": _person(message.sent_by),
        "To": [_person(each) for each in message.to],
        "Cc": [_person(each) for each in message.cc],
        "Bcc": [_person(each) for each in message.bcc],
        "Subject": message.subject,
        "Created": message.created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "Size": len(message.raw),
        "Snippet": message.snippet,
    }


def _person(person: Person) -> dict[str, str]:
    return {"Name": person.name, "Address": person.address}
