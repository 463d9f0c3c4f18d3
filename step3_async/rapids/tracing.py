"""OpenTelemetry: spans of this process, and W3C trace context (https://www.w3.org/TR/trace-context/)."""

import os

import structlog
from flask import Flask, g, request
from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

EXPORTERS = ("none", "console", "otlp")
TRACEPARENT = "traceparent"
W3C = TraceContextTextMapPropagator()

log = structlog.stdlib.get_logger(__name__)


def configure_tracing(service: str) -> None:
    """Send the spans of this process, an instance of `service`, to the exporter in OTEL_TRACES_EXPORTER.

    That is `none` (the default: only the trace context of requests is passed on), `console`, or `otlp`, which
    further OTEL_ variables describe. Another value is logged as a warning and ignored, as
    https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables wants it. Call this once,
    after forking, when logs are configured.
    """
    exporter = os.environ.get("OTEL_TRACES_EXPORTER") or "none"
    if exporter not in EXPORTERS:
        log.warning(
            "no spans are sent: OTEL_TRACES_EXPORTER is to be one of these", known=EXPORTERS, given=exporter
        )
        return
    if exporter != "none":
        _send_spans(service, exporter)


def has_exporter() -> bool:
    """Return whether spans are sent anywhere."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def trace_requests(app: Flask) -> None:
    """Let each request of `app` continue its caller's trace. If spans are sent, the request gets its own."""
    if has_exporter():
        from opentelemetry.instrumentation.flask import FlaskInstrumentor  # noqa: PLC0415

        FlaskInstrumentor().instrument_app(app)  # type: ignore[no-untyped-call]
    else:
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


def _send_spans(service: str, exporter: str) -> None:
    # They take longer to import than all else here, and are seldom needed.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
        BatchSpanProcessor,
        ConsoleSpanExporter,
        SimpleSpanProcessor,
    )

    instance = os.environ.get("INSTANCE") or service
    resource = Resource.create({"service.name": service, "service.instance.id": instance})
    provider = TracerProvider(resource=resource)
    if exporter == "console":
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    else:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
