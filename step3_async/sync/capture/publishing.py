"""Publishing some events, as a span of its own."""

from collections.abc import Sequence

import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind

from step3_async.contracts.envelope import Event
from step3_async.rapids.bus import Bus
from step3_async.rapids.tracing import TRACEPARENT, W3C

log = structlog.stdlib.get_logger(__name__)
tracer = trace.get_tracer(__name__)


async def publish(transport: Bus, events: Sequence[Event], to: str | None = None) -> None:
    """Publish events of one domain; the span is linked to those of the requests that caused them.

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
            await transport.publish_events(events, to)
        except ValueError:
            await _publish_those_that_fit(transport, events, to)


async def _publish_those_that_fit(transport: Bus, events: Sequence[Event], to: str | None) -> None:
    """One event that is too large for the rapids must not keep back all that come after it."""
    for event in events:
        try:
            await transport.publish_events([event], to)
        except ValueError as error:
            log.error("left out: too large", domain=event.event_domain, key=event.key, reason=str(error))
