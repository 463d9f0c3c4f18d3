"""Errors as the gateway tells them itself: in the contract's shape, or as a small page."""

from collections.abc import Mapping
from html import escape
from http import HTTPStatus

import orjson

from kit.http.errors import error_body
from kit.http.media_types import preferred
from kit.http.problems import Problem
from step3_async.gateway.messages import Answer, Asked, Headers

SAFE: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'self'; object-src 'none'; frame-ancestors 'none'"),
]
"""What every answer that the gateway makes itself carries."""

READABLE = "GET, HEAD, OPTIONS"
"""The methods of what can only be read."""

HTML = "text/html"
OFFERED = ("application/json", HTML)
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>{name}</h1><p>{message}</p><p><a href="/">To the first page</a></p></main></body></html>
"""


class WrongMethod(Problem):
    """Nothing here takes this method; `allowed` are those that something takes."""

    status = HTTPStatus.METHOD_NOT_ALLOWED

    def __init__(self, allowed: str) -> None:
        super().__init__("This method is not allowed here.")
        self.allowed = allowed


class TooLarge(Problem):
    """The body is over the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class TooSlow(Problem):
    """The request has not come in time; the connection ends, as there is no telling what of it will."""

    status = HTTPStatus.REQUEST_TIMEOUT


def as_answer(problem: Problem, asked: Asked | None = None) -> Answer:
    """The answer to a request that met with `problem`."""
    headers: Headers = [*SAFE, (b"cache-control", b"no-store"), (b"vary", b"Accept")]
    if (retry_after := getattr(problem, "retry_after", None)) is not None:
        headers.append((b"retry-after", b"%d" % retry_after))
    if isinstance(problem, WrongMethod):
        headers.append((b"allow", problem.allowed.encode()))
    if isinstance(problem, TooSlow):
        headers.append((b"connection", b"close"))
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers.append((b"www-authenticate", b"Bearer"))
    status, message = problem.status, str(problem)
    if asked is not None and wants_page(asked):
        body = PAGE.format(name=escape(status.phrase), message=escape(message)).encode()
        return whole(status, body, b"text/html; charset=utf-8", headers)
    return as_json(error_body(status, message, getattr(problem, "issues", None)), status, headers)


def as_json(told: Mapping[str, object], status: int = 200, headers: Headers = SAFE) -> Answer:
    """An answer that tells this."""
    return whole(status, orjson.dumps(told), b"application/json", headers)


def whole(status: int, body: bytes, content_type: bytes, headers: Headers = SAFE) -> Answer:
    """An answer with this body."""
    about = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    return Answer(int(status), [*about, *headers], body)


def options(allowed: str) -> Answer:
    """What is allowed at an address."""
    return Answer(204, [*SAFE, (b"allow", allowed.encode())])


def wants_page(asked: Asked) -> bool:
    """Whether a browser asks, and for a page."""
    accepted = asked.named.get(b"accept", b"").decode("latin-1")
    is_api = asked.path.startswith(("/api/", "/commands/"))
    return not is_api and preferred(accepted, OFFERED) == HTML
