"""Where spans go."""

import os

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor


def provider(service: str, exporter: str) -> TracerProvider:
    """Sends the spans of this process, an instance of `service`, to `console` or `otlp`."""
    told = {"service.name": service, "service.instance.id": os.environ.get("INSTANCE") or service}
    made = TracerProvider(resource=Resource.create(told))
    made.add_span_processor(_processor(exporter))
    return made


def _processor(exporter: str) -> SpanProcessor:
    if exporter == "console":
        return SimpleSpanProcessor(ConsoleSpanExporter())
    return BatchSpanProcessor(OTLPSpanExporter())
