"""The view of a sheet with the few icons that the pages use: Bootstrap's package has a megabyte of them."""

import re
from pathlib import Path

import flask_bootstrap
from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response

SHEET = Path(flask_bootstrap.__file__).parent / "static/bootstrap5/icons/bootstrap-icons.svg"
USED = (
    *(
        "arrow-counterclockwise",
        "arrow-up",
        "box-arrow-up-right",
        "chat",
        "check-lg",
        "compass",
        "envelope",
        "exclamation-triangle",
    ),
    *("eye-slash", "heart", "heart-fill", "inbox", "keyboard", "person-circle", "plus-lg", "search", "tag"),
    "x-lg",
)


def sprite() -> str:
    """Return an SVG sheet with the symbols of USED, each with its name as id."""
    found = re.finditer(r'<symbol [^>]*\bid="([^"]+)">.*?</symbol>', SHEET.read_text(), re.DOTALL)
    symbols = {match[1]: match[0] for match in found}
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols[name] for name in USED)}</svg>'


def make_blueprint() -> Blueprint:
    """Make the view, which needs no store."""
    views = Blueprint("icons", __name__)
    sheet = sprite()

    @views.get("/icons.svg")
    def icons() -> Response:
        response = make_response(sheet)
        response.mimetype = "image/svg+xml"
        response.cache_control.max_age = 86400
        response.add_etag()
        return response.make_conditional(request)

    return views
