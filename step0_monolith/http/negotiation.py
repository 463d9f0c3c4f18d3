"""Content negotiation: respond with JSON or HTML at the same address, as the client prefers."""

from collections.abc import Mapping
from typing import Any

from flask import Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import NotAcceptable

from kit.http.media_types import preferred

JSON, HTML = "application/json", "text/html"


def wants_html() -> bool:
    """Return whether the client prefers a page to JSON. Without a preference it gets JSON."""
    return _preferred() == HTML


def require_acceptable() -> None:
    """Raise NotAcceptable when the client accepts neither JSON nor HTML."""
    if _preferred() is None:
        raise NotAcceptable("Responses come as application/json or text/html; please accept one of them.")


def represent(payload: Mapping[str, Any], template: str, status: int = 200, **context: Any) -> Response:
    """Represent `payload` as JSON, or render `template` with `context`."""
    body = render_template(template, **context) if wants_html() else jsonify(payload)
    response = make_response(body, status)
    response.vary.add("Accept")
    return response


def _preferred() -> str | None:
    return preferred(request.headers.get("Accept"), (JSON, HTML))
