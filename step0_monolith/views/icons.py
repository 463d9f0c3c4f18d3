"""The sheet of icons."""

from flask import Blueprint, make_response, request
from werkzeug.wrappers import Response

from step0_monolith.icons import sprite


def make_blueprint() -> Blueprint:
    """The view; it needs no store."""
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
