"""Responses that the gateway makes itself, among them errors: in the contract's shape, or as a small page."""

from collections.abc import Container, Mapping
from html import escape
from http import HTTPStatus

from starlette.responses import HTMLResponse, JSONResponse, Response
from werkzeug.http import parse_etags, unquote_etag

from kit.http.errors import error_body
from kit.http.media_types import preferred
from kit.http.problems import Problem
from step3_async.client.request import READING, joined
from step3_async.client.response import RawHeaders, RawResponse, as_raw, values_of
from step3_async.client.routing.routes import is_api
from step3_async.gateway.ingress.request import Request
from step3_async.rapids.headers import COMMAND, DEPENDS_ON

COMMANDS = "/commands/"
"""The path of command resources, before a command's id."""

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; frame-ancestors 'none'",
}
"""Every response that the gateway makes itself has these."""

JSON, HTML = "application/json", "text/html"
OFFERED = (JSON, HTML)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>{name}</h1><p>{message}</p><p><a href="/">To the first page</a></p></main></body></html>
"""

NOT_FOR_CLIENTS = {as_raw(COMMAND), as_raw(DEPENDS_ON)}


class WrongMethod(Problem):
    """The method is not among those `allowed` here."""

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, allowed: str) -> None:
        super().__init__("This method is not allowed here.")
        self.allowed = allowed


class TooSlow(Problem):
    """The request has not come in time. The connection is closed, as the rest of it may still come."""

    status = HTTPStatus.REQUEST_TIMEOUT


def json_response(
    content: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a JSON response with the headers SAFE and these `headers`."""
    return JSONResponse(content, status, {**SAFE, **(headers or {})})


def as_response(problem: Problem, request: Request) -> Response:
    """Return the response that describes `problem`, as JSON or as a page."""
    headers = {**SAFE, "Cache-Control": "no-store", "Vary": "Accept"}
    if (retry_after := getattr(problem, "retry_after", None)) is not None:
        headers["Retry-After"] = str(retry_after)
    if isinstance(problem, WrongMethod):
        headers["Allow"] = problem.allowed
    if isinstance(problem, TooSlow):
        headers["Connection"] = "close"
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    status, message = problem.status, str(problem)
    is_page = not is_api(request.path) and not request.path.startswith(COMMANDS)
    if is_page and preferred(joined(request.headers, "accept"), OFFERED) == HTML:
        page = PAGE.format(name=escape(status.phrase), message=escape(message))
        return HTMLResponse(page, status, headers)
    return json_response(error_body(status, message, getattr(problem, "issues", None)), status, headers)


def respond_to_other_methods(request: Request) -> Response | None:
    """Respond to OPTIONS at an address that can only be read. Return None for GET and HEAD.

    Raises WrongMethod for all other methods.
    """
    allowed = "GET, HEAD, OPTIONS"
    if request.method == "OPTIONS":
        return Response(None, HTTPStatus.NO_CONTENT, {**SAFE, "Allow": allowed})
    if request.method not in READING:
        raise WrongMethod(allowed)
    return None


def apply_conditions(request: Request, response: Response) -> Response:
    """Return 304 instead of `response` if the client has it already, by its ETag (RFC 9110, 13.1.2)."""
    if "if-none-match" not in request.headers or response.status_code != HTTPStatus.OK:
        return response
    etag, _ = unquote_etag(response.headers.get("etag"))
    if etag is None or not parse_etags(joined(request.headers, "if-none-match")).contains_weak(etag):
        return response
    return RawResponse(304, without(response.raw_headers, {b"content-length", b"content-type"}))


def for_face(response: Response, *, is_personal: bool) -> None:
    """Give a service's response the headers that all responses of the face have, unless it has its own.

    Clients with other headers get a page from the web face at the same address.
    """
    headers = response.headers
    for name, value in SAFE.items():
        headers.setdefault(name, value)
    if values_of(response, "cache-control") in ([], ["no-cache"]):
        headers["cache-control"] = "no-cache, private" if is_personal else "no-cache"
        headers["vary"] = "Accept, Cookie, Authorization"


def for_clients(response: Response) -> Response:
    """Return the response without the headers that are for the gateway alone."""
    headers = without(response.raw_headers, NOT_FOR_CLIENTS)
    return RawResponse(response.status_code, headers, bytes(response.body))


def without(headers: RawHeaders, names: Container[bytes]) -> RawHeaders:
    """Return the headers except those with these names."""
    return [each for each in headers if each[0] not in names]
