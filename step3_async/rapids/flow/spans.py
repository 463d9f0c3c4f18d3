"""A span for each batch, linked to what caused its events; see OpenTelemetry."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from step3_async.rapids.event import Event

MOST_LINKS = 64

_tracer = trace.get_tracer(__name__)
_w3c = TraceContextTextMapPropagator()


@contextmanager
def taking(river: str, domain: str, events: Sequence[Event]) -> Iterator[None]:
    """Inside the block, events of a domain are being taken."""
    with _tracer.start_as_current_span(f"{river} takes {domain}", kind=SpanKind.CONSUMER) as span:
        if span.is_recording():
            span.set_attribute("messaging.batch.message_count", len(events))
            for traceparent in _causes(events):
                cause = trace.get_current_span(_w3c.extract({"traceparent": traceparent}))
                span.add_link(cause.get_span_context())
        yield


def _causes(events: Sequence[Event]) -> list[str]:
    return list(dict.fromkeys(event.traceparent for event in events if event.traceparent))[:MOST_LINKS]
