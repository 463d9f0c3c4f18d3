"""Check requests before Eve handles them."""

from http import HTTPStatus
from math import isfinite
from typing import Any

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import BadRequest, NotAcceptable

from kit.http import params
from kit.http.bodies import LARGEST_BODY, json_body, require_small_body
from kit.http.media_types import preferred
from kit.http.operations import operation_of
from kit.service.render import JSON

USUAL_ACCEPT = ("application/json", "*/*", None)
"""The values of the header Accept that most clients send: they need no parsing."""

DEEPEST = 32
READING = ("GET", "HEAD")
WITH_BODY = ("POST", "PUT", "PATCH")
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")


def check_requests(app: Flask, bulk: int) -> None:
    """Make `app` refuse requests whose bodies are too large.

    At Eve's resources it also refuses requests that do not accept JSON, unknown parameters, and bodies that
    are not JSON objects (or lists of at most `bulk` objects, where a resource takes lists).
    """

    @app.before_request
    def check() -> None:
        endpoint = request.endpoint
        verb = operation_of(app, endpoint)
        if verb is not None:
            request.max_content_length = verb.largest_body
        require_small_body(verb.largest_body if verb is not None else LARGEST_BODY)
        if endpoint and "|" in endpoint:
            resource, kind = endpoint.split("|", 1)
            _check_acceptable()
            if kind != "resource" and request.method in READING:
                # Eve knows one ETag and no `*`, and fails at a date that is none; see `compare`.
                g.conditions = {name: request.environ.pop(name, None) for name in CONDITIONS}
            _check_parameters(app.config["DOMAIN"][resource], is_collection=kind == "resource")
            if request.method in WITH_BODY:
                _check_body(bulk if app.config["DOMAIN"][resource]["bulk_enabled"] else 0)

    @app.after_request
    def respond_with_problem(response: Response) -> Response:
        """If the database was away during a check, respond with that error, not with Eve's for the
        document.
        """
        problem = g.pop("problem", None)
        if problem is not None and response.status_code < 500:
            response = current_app.make_response(current_app.handle_user_exception(problem))
        return response

    @app.after_request
    def compare(response: Response) -> Response:
        """Respond with 304 to a client that has the document already (RFC 9110, 13.1)."""
        conditions = {name: value for name, value in g.pop("conditions", {}).items() if value}
        if conditions and response.status_code == HTTPStatus.OK:
            request.environ.update(conditions)
            response.make_conditional(request.environ)
        return response


def _check_acceptable() -> None:
    if request.environ.get("HTTP_ACCEPT") in USUAL_ACCEPT:
        return
    if preferred(request.environ.get("HTTP_ACCEPT"), JSON.mime) is None:
        raise NotAcceptable("Responses come as application/json; please accept that.")


def _check_parameters(resource: dict[str, Any], *, is_collection: bool) -> None:
    reads = request.method in READING
    # The collection's own parameters are checked where they are read.
    if is_collection and reads:
        return
    params.allow_only(*(["projection"] if reads and resource["projection"] else []))


def _check_body(bulk: int) -> None:
    body = json_body()
    if isinstance(body, list) and bulk and request.method == "POST":
        if not 0 < len(body) <= bulk or not all(isinstance(each, dict) for each in body):
            raise BadRequest(f"A list must have 1 to {bulk} JSON objects.")
    elif not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object.")
    if not _is_storable(body):
        raise BadRequest(
            "The body holds what cannot be stored: a number out of range, lone surrogates, or lists too deep."
        )


def _is_storable(value: Any, depth: int = 0) -> bool:
    """Return whether MongoDB can store a value of a JSON body.

    It can store integers of 64 bits, finite numbers, and text without lone surrogates. Deep nesting is
    refused, too.
    """
    if isinstance(value, str):
        return not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, int | float):
        return abs(value) < 2**63 if isinstance(value, int) else isfinite(value)
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        return depth < DEEPEST and all(_is_storable(each, depth + 1) for each in value)
    return True
