"""Metrics and spans of consumers."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.trace import SpanKind
from prometheus_client import Counter, Gauge, Histogram

from step3_async.contracts.envelope import SNAPSHOT_PAGE, Event, now
from step3_async.rapids.tracing import TRACEPARENT, W3C

HANDLED, FAILED, DEAD_LETTERED = "handled", "failed", "dead-lettered"

EVENTS = Counter("rapids_events", "Events of a river by outcome.", ["river", "outcome"])
BATCH = Histogram(
    "rapids_batch_size", "Events handled together.", ["river"], buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
LAG = Histogram(
    "rapids_lag_seconds",
    "From a change until it is applied, in seconds.",
    ["river"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600),
)
PENDING = Gauge(
    "rapids_pending_events",
    "Events of a river that are not handled yet.",
    ["river"],
    multiprocess_mode="mostrecent",
)

MAX_LINKS = 64
_tracer = trace.get_tracer(__name__)


def count_handled(river: str, events: Sequence[Event]) -> None:
    """Count events that were handled together, and measure how late they were."""
    EVENTS.labels(river, HANDLED).inc(len(events))
    BATCH.labels(river).observe(len(events))
    lag, moment = LAG.labels(river), now()
    for event in events:
        if event.event_name != SNAPSHOT_PAGE:
            lag.observe(max(0.0, (moment - event.timestamp).total_seconds()))


@contextmanager
def span(river: str, domain: str, events: Sequence[Event]) -> Iterator[None]:
    """Make a span for a batch, linked to the requests that caused its events."""
    with _tracer.start_as_current_span(f"{river} handles {domain}", kind=SpanKind.CONSUMER) as made:
        if made.is_recording():
            made.set_attribute("messaging.batch.message_count", len(events))
            causes = dict.fromkeys(event.traceparent for event in events if event.traceparent)
            for traceparent in list(causes)[:MAX_LINKS]:
                cause = trace.get_current_span(W3C.extract({TRACEPARENT: traceparent}))
                made.add_link(cause.get_span_context())
        yield
