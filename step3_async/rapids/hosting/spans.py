"""A span for each request, which goes on with the trace that the request says it belongs to."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from step3_async.rapids.tracing import TRACEPARENT, W3C, current_traceparent

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SERVER_ERROR = 500
CONTEXT = {TRACEPARENT: "HTTP_TRACEPARENT", "tracestate": "HTTP_TRACESTATE"}
"""W3C's fields, and where WSGI has them."""


class Spans:
    """Answers as `app` does, each request within a span; a WSGI application itself."""

    def __init__(self, app: "WSGIApplication", name: str) -> None:
        self._app = app
        self._tracer = trace.get_tracer(name)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The answer of the application."""
        carrier = {name: environ[key] for name, key in CONTEXT.items() if key in environ}
        method = environ["REQUEST_METHOD"]
        with self._tracer.start_as_current_span(method, W3C.extract(carrier), SpanKind.SERVER):
            return self._app(environ, start_response)


def trace_requests(app: Flask) -> None:
    """Have each request of `app` be a span, and calls to other services continue it."""

    @app.before_request
    def start() -> None:
        if context := current_traceparent():
            g.traceparent = context

    @app.after_request
    def describe(response: Response) -> Response:
        span = trace.get_current_span()
        if span.is_recording():
            route = request.url_rule.rule if request.url_rule else None
            span.update_name(f"{request.method} {route}" if route else request.method)
            span.set_attribute("http.request.method", request.method)
            span.set_attribute("http.response.status_code", response.status_code)
            if route:
                span.set_attribute("http.route", route)
            if response.status_code >= SERVER_ERROR:
                span.set_status(trace.StatusCode.ERROR)
        return response

    app.wsgi_app = Spans(app.wsgi_app, app.name)  # type: ignore[method-assign]
