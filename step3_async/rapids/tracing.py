"""OpenTelemetry: spans of this process, and W3C trace context (https://www.w3.org/TR/trace-context/)."""

import os

import structlog
from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

EXPORTERS = ("none", "console", "otlp")
TRACEPARENT = "traceparent"
W3C = TraceContextTextMapPropagator()

log = structlog.stdlib.get_logger(__name__)


def configure_tracing(service: str) -> None:
    """Have this process, an instance of `service`, send its spans to where OTEL_TRACES_EXPORTER says: `none`
    (the default; a request's trace context is passed on all the same), `console`, or `otlp`, which further
    OTEL_ variables describe. Call it once, after forking, with logs configured. Anything else is warned of
    and ignored, as https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables wants it.
    """
    exporter = os.environ.get("OTEL_TRACES_EXPORTER") or "none"
    if exporter not in EXPORTERS:
        log.warning(
            "no spans are sent: OTEL_TRACES_EXPORTER is to be one of these", known=EXPORTERS, given=exporter
        )
        return
    if exporter == "none":
        return
    # It takes longer to import than all else here, and is seldom asked for.
    from step3_async.rapids.exporting import provider  # noqa: PLC0415

    trace.set_tracer_provider(provider(service, exporter))


def current_traceparent() -> str | None:
    """The trace context of what is being done now, as it travels; None outside any trace."""
    carrier: dict[str, str] = {}
    W3C.inject(carrier)
    return carrier.get(TRACEPARENT)
