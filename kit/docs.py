"""`/openapi.json`, made from the application itself, and a page to try it: Swagger UI from its package."""

from functools import cache
from pathlib import Path

import flask_swagger_ui
import orjson
from flask import Blueprint, Flask, Response, current_app, make_response, render_template, send_from_directory

from kit.openapi import describe
from kit.operations import HEALTH, Operation, operation

OURS = Path(__file__).parent / "static"
ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
# Swagger UI sets style attributes from its scripts, and shows pictures of its own as data.
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

DOCUMENT = Operation("This document", {200: {"type": "object"}}, tag=HEALTH)
PAGE = Operation("A page to try the API", {200: {"type": "string"}}, tag=HEALTH, media_type="text/html")


def add_docs(app: Flask, title: str, version: str) -> None:
    """Serve both, and what the page needs, to any browser without a network beyond this server.

    The document is made when it is first asked for, when all routes are there.
    """
    views = Blueprint("docs", __name__, template_folder="templates")

    @cache
    def document() -> bytes:
        return orjson.dumps(describe(current_app, title, version))

    @views.get("/openapi.json")
    @operation(DOCUMENT)
    def openapi() -> Response:
        return Response(document(), mimetype="application/json")

    @views.get("/docs")
    @operation(PAGE)
    def docs() -> Response:
        response = make_response(render_template("docs.html", title=title))
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @views.get("/docs/assets/<name>")
    def asset(name: str) -> Response:
        return send_from_directory(OURS if name == "docs.js" else ASSETS, name, max_age=86400)

    app.register_blueprint(views)
