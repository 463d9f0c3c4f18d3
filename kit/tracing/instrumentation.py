"""OpenTelemetry's instrumentations. Each function does something only if spans are sent (see `exporter`).

They are imported when they are needed: that takes longer than all else at the start of a process.
"""

from typing import TYPE_CHECKING

from kit.tracing.exporter import has_exporter

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

    from flask import Flask
    from opentelemetry.trace import Span


def trace_requests(app: "Flask") -> None:
    """Give each request to `app` a span that continues its caller's trace.

    Call it when the application has all its other layers, as it also covers the opening of sessions.
    """
    if has_exporter():
        from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware  # noqa: PLC0415

        traced = OpenTelemetryMiddleware(app.wsgi_app, response_hook=_name_by_route)
        app.wsgi_app = traced  # type: ignore[method-assign]


def trace_calls() -> None:
    """Give each request that this process sends with urllib3 a span, and send the trace's context along."""
    if has_exporter():
        from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor  # noqa: PLC0415

        if not URLLib3Instrumentor().is_instrumented_by_opentelemetry:
            URLLib3Instrumentor().instrument()


def trace_commands() -> None:
    """Give each command to MongoDB a span, in clients that are made from now on."""
    if has_exporter():
        from opentelemetry.instrumentation.pymongo import PymongoInstrumentor  # noqa: PLC0415

        if not PymongoInstrumentor().is_instrumented_by_opentelemetry:
            PymongoInstrumentor().instrument()


def _name_by_route(
    span: "Span", _environ: "WSGIEnvironment", _status: str, _headers: list[tuple[str, str]]
) -> None:
    """Name the span by the route, which is known only now: paths have the ids of posts in them."""
    from flask import has_request_context, request  # noqa: PLC0415

    if has_request_context() and request.url_rule is not None:
        span.update_name(f"{request.method} {request.url_rule.rule}")
        span.set_attribute("http.route", request.url_rule.rule)
