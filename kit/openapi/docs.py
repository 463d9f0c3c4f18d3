"""`/openapi.json`, and a page to try what it describes: Swagger UI from its package."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import flask_swagger_ui
import orjson
from flask import Blueprint, Response, make_response, render_template, send_from_directory

from kit.http.operations import HEALTH, Operation, operation

OURS = Path(__file__).parent / "static"
ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
# Swagger UI sets style attributes from its scripts, and shows pictures of its own as data.
POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)

DOCUMENT = Operation("This document", {200: {"type": "object"}}, tag=HEALTH)
PAGE = Operation("A page to try the API", {200: {"type": "string"}}, tag=HEALTH, media_type="text/html")


def make_blueprint(
    document: Callable[[], Mapping[str, Any]], title: str, back: str | None = None
) -> Blueprint:
    """Make the views of the document and of the page. The page needs nothing from other servers.

    `document` is called once, at the first request, when all routes are there. The page has a link to
    `back`, an address on this site, if one is given.
    """
    views = Blueprint("docs", __name__, template_folder="templates")

    @cache
    def written() -> bytes:
        return orjson.dumps(document())

    @views.get("/openapi.json")
    @operation(DOCUMENT)
    def openapi() -> Response:
        return Response(written(), mimetype="application/json")

    @views.get("/docs")
    @operation(PAGE)
    def docs() -> Response:
        response = make_response(render_template("docs.html", title=title, back=back))
        response.headers["Content-Security-Policy"] = POLICY
        return response

    @views.get("/docs/assets/<name>")
    def asset(name: str) -> Response:
        return send_from_directory(OURS if name == "docs.js" else ASSETS, name, max_age=86400)

    return views
