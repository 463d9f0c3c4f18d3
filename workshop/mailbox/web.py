"""The page that shows what was caught. Mail is shown as text only: none of its HTML is ever rendered."""

from math import ceil

from flask import Flask, Response, abort, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, SecurityError

from workshop.mailbox.api import api
from workshop.mailbox.box import MOST_MESSAGES, Box

PAGE_SIZE = 50
REFRESH_SECONDS = 5
LOOPBACK = ["127.0.0.1", "localhost"]  # Werkzeug trusts no IPv6 literal
SECURITY = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def create_app(box: Box, smtp_address: str, *, loopback: bool) -> Flask:
    """The pages over `box`. With `loopback` only requests under a loopback name are answered, so that no
    web site can read the mails by pointing its own name at this machine (DNS rebinding)."""
    app = Flask(__name__)
    app.config["TRUSTED_HOSTS"] = LOOPBACK if loopback else None
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

    @app.errorhandler(SecurityError)
    def stranger(_error: SecurityError) -> ResponseReturnValue:
        # In plain text: Flask builds no URLs, which a page needs, for a request it does not trust.
        return Response(f"Ask for this page as {' or '.join(LOOPBACK)}.\n", 400, mimetype="text/plain")

    @app.after_request
    def secure(response: Response) -> Response:
        for name, value in SECURITY.items():
            response.headers.setdefault(name, value)
        return response

    return app
