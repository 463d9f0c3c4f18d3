"""Every error in the contract's shape; none with a stack trace."""

import logging
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, redirect, request, url_for
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, InternalServerError, NotFound
from werkzeug.wrappers import Response as AnyResponse

from step0_monolith import store
from step0_monolith.negotiation import represent, wants_html

log = logging.getLogger(__name__)

STATUS: dict[type[store.StoreError], HTTPStatus] = {
    store.NotFound: HTTPStatus.NOT_FOUND,
    store.Taken: HTTPStatus.CONFLICT,
    store.WrongCredentials: HTTPStatus.UNAUTHORIZED,
    store.Unprocessable: HTTPStatus.UNPROCESSABLE_ENTITY,
    store.TooMany: HTTPStatus.TOO_MANY_REQUESTS,
    store.StoreDown: HTTPStatus.SERVICE_UNAVAILABLE,
    store.StoreSlow: HTTPStatus.GATEWAY_TIMEOUT,
}


def handle_errors(app: Flask) -> None:
    """Answer the store's errors, HTTP's, and those nobody expected."""
    app.register_error_handler(store.StoreError, answer_store_error)
    app.register_error_handler(HTTPException, answer_http_error)
    app.register_error_handler(InternalServerError, answer_unexpected)


def answer_store_error(error: store.StoreError) -> Response:
    """What the store could not do."""
    issues = error.issues if isinstance(error, store.Unprocessable) else None
    response = _answer(STATUS[type(error)], str(error), issues, getattr(error, "retry_after", None))
    if isinstance(error, store.WrongCredentials):
        response.www_authenticate = WWWAuthenticate("bearer")
    return response


def answer_http_error(error: HTTPException) -> AnyResponse:
    """What HTTP, Flask or a view refuses."""
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return AnyResponse.force_type(error.get_response(), request.environ)
    if error.code == HTTPStatus.UNAUTHORIZED and wants_html() and request.method in ("GET", "HEAD"):
        return redirect(url_for("members.login", next=request.full_path.rstrip("?")), 303)
    response = _answer(HTTPStatus(error.code), _wording(error))
    for name, value in error.get_headers(request.environ):
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def answer_unexpected(error: InternalServerError) -> AnyResponse:
    """A defect of ours: logged with all detail, told without any."""
    original = error.original_exception
    if isinstance(original, store.StoreError):  # raised where Flask looks for no other handler
        return answer_store_error(original)
    log.error("Unexpected error at %s %s", request.method, request.path, exc_info=original)
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side. It has been logged.")


def _wording(error: HTTPException) -> str:
    if isinstance(error, NotFound) and error.description == NotFound.description:
        return "There is nothing at this address."
    return error.description or ""


def _answer(
    status: HTTPStatus, message: str, issues: dict[str, str] | None = None, retry_after: int | None = None
) -> Response:
    g.setdefault("reader", None)
    payload: dict[str, Any] = {"_status": "ERR", "_error": {"code": status.value, "message": message}}
    if issues is not None:
        payload["_issues"] = issues
    response = represent(
        payload,
        "error.html",
        status,
        code=status.value,
        name=status.phrase,
        message=message,
        issues=issues,
        retry_after=retry_after,
    )
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
