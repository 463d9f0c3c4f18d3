"""Publish events within a span."""

from collections.abc import Sequence

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import Bus
from step3_async.rapids.tracing import TRACEPARENT, W3C

log = structlog.stdlib.get_logger(__name__)
tracer = trace.get_tracer(__name__)


async def publish(bus: Bus, events: Sequence[Event], to: str | None = None) -> None:
    """Publish events of one domain, in a span that is linked to the requests that caused them.

    Raises Unavailable.
    """
    name = f"publish {events[0].event_domain}"
    with tracer.start_as_current_span(name, kind=SpanKind.PRODUCER) as span:
        if span.is_recording():
            span.set_attribute("messaging.batch.message_count", len(events))
            for context in {event.traceparent for event in events if event.traceparent}:
                cause = trace.get_current_span(W3C.extract({TRACEPARENT: context}))
                span.add_link(cause.get_span_context())
        try:
            await bus.publish_events(events, to)
        except ValueError:
            await _publish_valid(bus, events, to)


async def _publish_valid(bus: Bus, events: Sequence[Event], to: str | None) -> None:
    """Publish events one by one, so that one that is invalid or too large does not block the others."""
    for event in events:
        try:
            await bus.publish_events([event], to)
        except ValueError as error:
            log.error(
                "an event cannot be published", domain=event.event_domain, key=event.key, reason=str(error)
            )
