"""Where the spans of this process go."""

import os
import sys

import structlog

EXPORTERS = ("none", "console", "otlp")

log = structlog.stdlib.get_logger(__name__)


def configure_tracing(service: str) -> None:
    """Send the spans of this process, an instance of `service`, to the exporter in OTEL_TRACES_EXPORTER.

    That is `none` (the default), `console`, or `otlp`, which further OTEL_ variables describe. Another value
    is logged as a warning and ignored, as
    https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables wants it. Call this once,
    after forking, when logs are configured, and before the process connects to anything.
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
    trace = sys.modules.get("opentelemetry.trace")  # imported here if spans are sent
    return trace is not None and not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def _send_spans(service: str, exporter: str) -> None:
    # They take longer to import than all else here, and are seldom needed.
    from opentelemetry import trace  # noqa: PLC0415
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import (  # noqa: PLC0415
        BatchSpanProcessor,
        ConsoleSpanExporter,
        SimpleSpanProcessor,
    )

    from kit.tracing.sampler import OfRequests  # noqa: PLC0415

    instance = os.environ.get("INSTANCE") or service
    resource = Resource.create({"service.name": service, "service.instance.id": instance})
    provider = TracerProvider(resource=resource)
    provider.sampler = OfRequests(provider.sampler)
    if exporter == "console":
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    else:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
