"""W3C trace context (https://www.w3.org/TR/trace-context/): it goes with requests and with events."""

from flask import Flask, g, request
from opentelemetry import context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kit.tracing.exporter import has_exporter

TRACEPARENT = "traceparent"
W3C = TraceContextTextMapPropagator()


def pass_on_context(app: Flask) -> None:
    """Let each request of `app` continue its caller's trace, also where no spans are sent."""
    if not has_exporter():
        _attach_context(app)

    @app.before_request
    def pass_on() -> None:
        if traceparent := current_traceparent():
            g.traceparent = traceparent


def current_traceparent() -> str | None:
    """Return the current trace context in the form of the header; None outside any trace."""
    carrier: dict[str, str] = {}
    W3C.inject(carrier)
    return carrier.get(TRACEPARENT)


def _attach_context(app: Flask) -> None:
    # The instrumentation takes 0.15 s to import and 0.09 ms a request, even where it sends nothing.
    @app.before_request
    def attach() -> None:
        g.trace_token = context.attach(W3C.extract(request.headers))

    @app.teardown_request
    def detach(_error: BaseException | None) -> None:
        if token := g.pop("trace_token", None):
            context.detach(token)
