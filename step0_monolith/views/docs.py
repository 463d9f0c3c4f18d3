"""The contract as OpenAPI 3.1 and a page to try it, with Swagger UI from its package."""

from pathlib import Path
from typing import Any

import flask_swagger_ui
import yaml
from flask import Blueprint, Response, jsonify, render_template, send_from_directory

DOCUMENT = Path(__file__).parent.parent / "openapi.yaml"
ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"


def make_blueprint() -> Blueprint:
    """The views; they need no store."""
    views = Blueprint("docs", __name__)
    document: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text())

    @views.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(document)

    @views.get("/docs")
    def page() -> str:
        return render_template("docs.html")

    @views.get("/docs/assets/<name>")
    def asset(name: str) -> Response:
        return send_from_directory(ASSETS, name, max_age=86400)

    return views
