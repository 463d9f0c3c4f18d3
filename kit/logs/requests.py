"""Give each request an id, and log it in one line."""

import logging
import re
import time
from uuid import uuid4

import structlog
from flask import Flask, Response, g, has_request_context, request

from kit.http.headers import REQUEST_ID

QUIET = (
    "/health/",
    "/metrics",
    "/.well-known/",
    "/changes/",
    "/copies/",
    "/own-marks",
    "/static/",
    "/bootstrap/",
    "/docs/assets/",
    "/icons.svg",
)
"""Paths of probes, keys, parts of pages and synchronisation: requests for them are logged at level DEBUG.
"""

_KNOWN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = structlog.stdlib.get_logger("kit.requests")


def log_requests(app: Flask) -> None:
    """Give each request of `app` an id, and log it when it is done.

    The id is the client's own if it sent a valid one in X-Request-ID; the response has it, too. Query strings
    and headers are never logged: they may be secret.
    """
    # First of all, whenever this is called: whatever is refused before has neither id nor line.
    app.before_request_funcs.setdefault(None, []).insert(0, _start)

    @app.after_request
    def log_request(response: Response) -> Response:
        if "request_id" not in g:  # what failed before Flask came to us, such as opening a session
            _start()
        response.headers[REQUEST_ID] = g.request_id
        level = logging.DEBUG if request.path.startswith(QUIET) else logging.INFO
        log.log(
            level,
            "request",
            method=request.method,
            path=request.path,
            route=request.url_rule.rule if request.url_rule else None,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.request_started) * 1000, 1),
        )
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()


def _start() -> None:
    given = request.headers.get(REQUEST_ID, "")
    g.request_id = given if _KNOWN_ID.fullmatch(given) else uuid4().hex
    g.request_started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def outgoing_headers() -> dict[str, str]:
    """Return the headers to send along to another service: the current request's id and its trace context, if
    there are any.
    """
    if not has_request_context() or "request_id" not in g:
        return {}
    trace = {"traceparent": g.traceparent} if "traceparent" in g else {}
    return {REQUEST_ID: g.request_id, **trace}
