"""JSON or HTML at the same address, as the client accepts."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import NotAcceptable


def wants_html() -> bool:
    """Whether the client would rather have a page than JSON; without a preference it gets JSON."""
    accepted = request.accept_mimetypes
    return accepted.best_match(["application/json", "text/html"]) == "text/html"


def require_acceptable() -> None:
    """Raise NotAcceptable when the client takes neither JSON nor HTML."""
    accepted = request.accept_mimetypes
    if accepted.provided and not accepted.best_match(["application/json", "text/html"]):
        raise NotAcceptable("Answers come as application/json or text/html; please accept one of them.")


def represent(payload: Mapping[str, Any], template: str, status: int = 200, **context: Any) -> Response:
    """`payload` as JSON, or `template` rendered with `context`."""
    body = render_template(template, **context) if wants_html() else jsonify(payload)
    response = make_response(body, status)
    response.vary.add("Accept")
    return response
