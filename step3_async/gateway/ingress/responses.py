"""Responses that the gateway makes itself, among them errors: in the contract's shape, or as a small page."""

from collections.abc import Mapping
from html import escape
from http import HTTPStatus

from starlette.responses import HTMLResponse, JSONResponse, Response

from kit.http.errors import error_body
from kit.http.media_types import preferred
from kit.http.problems import Problem
from step3_async.gateway.ingress.request import Headers, Request, as_raw
from step3_async.gateway.routing.routes import is_api
from step3_async.rapids.headers import COMMAND, DEPENDS_ON

COMMANDS = "/commands/"
"""Where clients ask for the state of a command."""

SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; frame-ancestors 'none'",
}
"""Every response that the gateway makes itself has these."""

READ_ONLY = "GET, HEAD, OPTIONS"
"""The methods of what can only be read."""

HTML = "text/html"
OFFERED = ("application/json", HTML)
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


class TooLarge(Problem):
    """The body is over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class TooSlow(Problem):
    """The request has not come in time. The connection ends, as what is left of it may still come."""

    status = HTTPStatus.REQUEST_TIMEOUT


class RawResponse(Response):
    """A response with just these headers."""

    def __init__(self, status: int, headers: Headers, body: bytes = b"") -> None:
        self.status_code, self.raw_headers, self.body = status, headers, body


def json_response(
    content: Mapping[str, object], status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return JSON with the headers that are safe."""
    return JSONResponse(content, status, {**SAFE, **(headers or {})})


def allowed_methods(allowed: str) -> Response:
    """Return the response to OPTIONS."""
    return Response(None, HTTPStatus.NO_CONTENT, {**SAFE, "Allow": allowed})


def as_response(problem: Problem, request: Request) -> Response:
    """Return the response to a request that met with `problem`."""
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
    if _wants_page(request):
        page = PAGE.format(name=escape(status.phrase), message=escape(message))
        return HTMLResponse(page, status, headers)
    return json_response(error_body(status, message, getattr(problem, "issues", None)), status, headers)


def as_conditions_say(request: Request, response: Response) -> Response:
    """Return 304 in the place of a response that the client knows by its ETag (RFC 9110, 13.1.2)."""
    known = request.by_name.get(b"if-none-match")
    if known is None or response.status_code != HTTPStatus.OK:
        return response
    etag = next((value for name, value in response.raw_headers if name == b"etag"), None)
    if etag is None or not (known.strip() == b"*" or etag.removeprefix(b"W/") in _etags(known)):
        return response
    return RawResponse(304, _without(response.raw_headers, {b"content-length", b"content-type"}))


def for_clients(response: Response) -> Response:
    """Return the response without the headers that only the web face is told."""
    headers = _without(response.raw_headers, NOT_FOR_CLIENTS)
    return RawResponse(response.status_code, headers, bytes(response.body))


def values_of(response: Response, name: str) -> list[str]:
    """Return the values of all headers of that name, those between commas one by one."""
    values = ",".join(response.headers.getlist(name))
    return [value for each in values.split(",") if (value := each.strip())]


def _without(headers: Headers, names: set[bytes]) -> Headers:
    return [each for each in headers if each[0] not in names]


def _etags(header: bytes) -> set[bytes]:
    return {each.strip().removeprefix(b"W/") for each in header.split(b",")}


def _wants_page(request: Request) -> bool:
    accepted = request.by_name.get(b"accept", b"").decode("latin-1")
    is_page = not is_api(request.path) and not request.path.startswith(COMMANDS)
    return is_page and preferred(accepted, OFFERED) == HTML
