"""The page that shows caught mail, as text only: no HTML of a mail is ever rendered."""

from ipaddress import ip_address
from math import ceil
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from workshop.mailbox.api import api
from workshop.mailbox.box import MAX_MESSAGES, Box
from workshop.mailbox.hang import Hang, hang_api

PAGE_SIZE = 50
REFRESH_SECONDS = 5
SECURITY = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def create_app(box: Box, hang: Hang, smtp_address: str, *, loopback: str | None) -> Flask:
    """Return the application that shows the mails in `box`, and lets SMTP hang.

    If it is served on the loopback address, `loopback` is the name of that address, and only requests for
    that name or another one of loopback get a response. So no web site can read the mails by giving its own
    name this machine's address (DNS rebinding).
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.register_blueprint(api(box))
    app.register_blueprint(hang_api(hang))

    @app.get("/")
    def index() -> str:
        last = max(1, ceil(len(box) / PAGE_SIZE))
        number = min(max(1, request.args.get("page", 1, type=int)), last)
        return render_template(
            "list.html",
            messages=box.latest((number - 1) * PAGE_SIZE, PAGE_SIZE),
            total=len(box),
            max_messages=MAX_MESSAGES,
            page=number,
            last=last,
            refresh=REFRESH_SECONDS if "live" in request.args else None,
            smtp_address=smtp_address,
            hang_seconds=hang.seconds,
        )

    @app.get("/message/<message_id>")
    def message(message_id: str) -> str:
        found = box.get(message_id)
        if found is None:
            abort(404, "There is no such message. It may have been deleted, or dropped to make room.")
        return render_template("message.html", message=found)

    @app.get("/livez")
    def livez() -> Response:
        return Response("ok", mimetype="text/plain")

    @app.errorhandler(HTTPException)
    def failed(error: HTTPException) -> ResponseReturnValue:
        code = error.code or 500
        if request.path.startswith("/api/"):
            return jsonify(Error=error.description), code
        return render_template("error.html", code=code, name=error.name, text=error.description), code

    @app.before_request
    def refuse_other_hosts() -> Response | None:
        # Not with Flask's TRUSTED_HOSTS, which takes no IPv6 address.
        if loopback is None or _is_loopback(request.host, loopback):
            return None
        return Response("Open this page as 127.0.0.1 or localhost.\n", 400, mimetype="text/plain")

    @app.after_request
    def secure(response: Response) -> Response:
        for name, value in SECURITY.items():
            response.headers.setdefault(name, value)
        return response

    return app


def _is_loopback(host: str, name: str) -> bool:
    try:
        requested = urlsplit(f"//{host}").hostname or ""
        return requested in {"localhost", name.lower()} or ip_address(requested).is_loopback
    except ValueError:
        return False
