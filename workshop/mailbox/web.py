"""The page that shows what was caught. Mail is shown as text only: none of its HTML is ever rendered."""

from ipaddress import ip_address
from math import ceil
from urllib.parse import urlsplit

from flask import Flask, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from workshop.mailbox.api import api
from workshop.mailbox.box import MOST_MESSAGES, Box

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


def create_app(box: Box, smtp_address: str, *, loopback: str | None) -> Flask:
    """The pages over `box`. Where they are served on the loopback address, `loopback` is how that was named,
    and only requests under that or another name of it are answered, so that no web site can read the mails
    by pointing its own name at this machine (DNS rebinding)."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.register_blueprint(api(box))

    @app.get("/")
    def index() -> str:
        last = max(1, ceil(len(box) / PAGE_SIZE))
        number = min(max(1, request.args.get("page", 1, type=int)), last)
        return render_template(
            "list.html",
            messages=box.latest((number - 1) * PAGE_SIZE, PAGE_SIZE),
            total=len(box),
            most=MOST_MESSAGES,
            page=number,
            last=last,
            refresh=REFRESH_SECONDS if "live" in request.args else None,
            smtp_address=smtp_address,
        )

    @app.get("/message/<message_id>")
    def message(message_id: str) -> str:
        found = box.get(message_id)
        if found is None:
            abort(404, "There is no such message: it never came, was deleted, or had to make room.")
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
    def refuse_strangers() -> Response | None:
        # Not with Flask's TRUSTED_HOSTS, which takes no IPv6 address.
        if loopback is None or _is_loopback(request.host, loopback):
            return None
        return Response("Ask for this page as 127.0.0.1 or localhost.\n", 400, mimetype="text/plain")

    @app.after_request
    def secure(response: Response) -> Response:
        for name, value in SECURITY.items():
            response.headers.setdefault(name, value)
        return response

    return app


def _is_loopback(host: str, name: str) -> bool:
    try:
        asked = urlsplit(f"//{host}").hostname or ""
        return asked in {"localhost", name.lower()} or ip_address(asked).is_loopback
    except ValueError:
        return False
