"""Respond to every error in the contract's shape, and never with a stack trace."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound
from werkzeug.routing import RequestRedirect
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as AnyResponse

from kit.http.problems import Problem, Unprocessable

log = logging.getLogger(__name__)

OWN_HEADERS = ("content-type", "content-length")


class ErrorResponder(Protocol):
    """Makes the response to an error, in the application's own representation."""

    def __call__(
        self,
        status: HTTPStatus,
        message: str,
        issues: Mapping[str, str] | None = None,
        retry_after: int | None = None,
    ) -> AnyResponse:
        """Make the response. It may have another status than `status`, such as a redirect to the sign-in."""


def error_body(status: HTTPStatus, message: str, issues: Mapping[str, Any] | None) -> dict[str, Any]:
    """Represent an error as JSON; `issues` by field."""
    body: dict[str, Any] = {"_status": "ERR", "_error": {"code": status.value, "message": message}}
    if issues is not None:
        body["_issues"] = issues
    return body


def handle_errors(app: Flask, respond: ErrorResponder) -> None:
    """Make `app` respond to problems, HTTP errors and unexpected errors by calling `respond`."""

    def handle_problem(problem: Problem) -> AnyResponse:
        issues = problem.issues if isinstance(problem, Unprocessable) else None
        retry_after = getattr(problem, "retry_after", None)
        response = respond(problem.status, str(problem), issues, retry_after)
        if retry_after is not None:
            response.headers["Retry-After"] = str(retry_after)
        if problem.status == HTTPStatus.UNAUTHORIZED:
            response.www_authenticate = WWWAuthenticate("bearer")
        return response

    def handle_http_error(error: HTTPException) -> AnyResponse:
        if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
            return AnyResponse.force_type(error.get_response(), request.environ)
        response = respond(HTTPStatus(error.code), _wording(error))
        for name, value in error.get_headers(request.environ):
            if name.lower() not in OWN_HEADERS:
                response.headers[name] = value
        return response

    def handle_unexpected(error: InternalServerError) -> AnyResponse:
        original = error.original_exception
        if isinstance(original, Problem):  # raised where Flask looks for no other handler
            return handle_problem(original)
        log.error("Unexpected error at %s %s", request.method, request.path, exc_info=original)
        return respond(
            HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side. It has been logged."
        )

    @app.after_request
    def name_no_host(response: Response) -> Response:
        # Flask's own redirects, as from `//`, name the host of the request, which anybody can make up.
        if isinstance(request.routing_exception, RequestRedirect):
            response.location = urlunsplit(("", "", *urlsplit(request.routing_exception.new_url)[2:]))
            response.set_data(redirect(response.location).get_data())
        return response

    app.register_error_handler(Problem, handle_problem)
    app.register_error_handler(HTTPException, handle_http_error)
    app.register_error_handler(InternalServerError, handle_unexpected)


def _wording(error: HTTPException) -> str:
    if isinstance(error, NotFound) and error.description == NotFound.description:
        return "There is nothing at this address."
    return error.description or ""
