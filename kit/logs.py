"""Structured logs, and an id for each request that travels with it from service to service."""

import logging
import os
import re
import sys
import time
from uuid import uuid4

import orjson
import structlog
from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-ID"
QUIET = ("/health/", "/metrics", "/static/", "/bootstrap/", "/docs/assets/", "/icons.svg")
"""Addresses of probes and of what pages are made of; their requests are told at level DEBUG."""

_KNOWN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = structlog.stdlib.get_logger("requests")


def configure_logs(service: str) -> None:
    """Send all logs of this process, those of libraries included, to stderr.

    On a terminal they are coloured lines, elsewhere a JSON object a line; LOG_FORMAT (`console` or `json`)
    and LOG_LEVEL (default INFO) overrule that.
    """
    form = os.environ.get("LOG_FORMAT") or ("console" if sys.stderr.isatty() else "json")
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _named(service)],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _named(service),
                *_rendering(form),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(os.environ.get("LOG_LEVEL", "INFO").upper())
    for library in ("pymongo", "urllib3", "stamina"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _named(service: str) -> structlog.typing.Processor:
    """A processor that says which service speaks, in threads that no request has reached, too."""

    def name(_logger: object, _method: str, line: structlog.typing.EventDict) -> structlog.typing.EventDict:
        line.setdefault("service", service)
        return line

    return name


def _rendering(form: str) -> list[structlog.typing.Processor]:
    if form == "console":
        return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]

    def dumps(line: object, **_options: object) -> str:
        return orjson.dumps(line, default=repr).decode()

    return [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(dumps)]


def log_requests(app: Flask) -> None:
    """Give each request of `app` an id, the client's own if it sent a sound one in X-Request-ID, and answer
    with it; tell the request when it is done. Query strings and headers are never told: they may be secret.
    """

    @app.before_request
    def start() -> None:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _KNOWN_ID.fullmatch(given) else uuid4().hex
        g.log_started = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def tell(response: Response) -> Response:
        if "request_id" not in g:
            return response
        response.headers[HEADER] = g.request_id
        level = logging.DEBUG if request.path.startswith(QUIET) else logging.INFO
        if logging.getLogger("requests").isEnabledFor(level):
            log.log(
                level,
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                ms=round((time.perf_counter() - g.log_started) * 1000, 1),
            )
        return response

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        structlog.contextvars.unbind_contextvars("request_id")


def outgoing_headers() -> dict[str, str]:
    """What to send along to another service: the id of the request that this is done for, if there is one."""
    if has_request_context() and "request_id" in g:
        return {HEADER: g.request_id}
    return {}
