"""Content negotiation: respond with JSON or HTML at the same address, as the client prefers."""

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Response, jsonify, make_response, render_template, request
from flask.json.provider import DefaultJSONProvider
from werkzeug.exceptions import NotAcceptable
from werkzeug.sansio.response import Response as AnyResponse

from kit.http.media_types import preferred

JSON, HTML = "application/json", "text/html"


class JsonProvider(DefaultJSONProvider):
    """Flask's JSON, but `jsonify` writes it by orjson, which is several times as fast."""

    sort_keys = False

    def response(self, *args: Any, **kwargs: Any) -> AnyResponse:
        """Respond with JSON."""
        try:
            content = orjson.dumps(self._prepare_response_obj(args, kwargs))
        except TypeError:  # such as integers of over 64 bits, which orjson refuses
            return super().response(*args, **kwargs)
        return Response(content, mimetype=self.mimetype)


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
    response.headers["Vary"] = "Accept"
    return response


def _preferred() -> str | None:
    return preferred(request.headers.get("Accept"), (JSON, HTML))
