"""W3C trace context, made or continued; and spans, where `configure_tracing` has somebody take them.

Without anybody the context is a header that is passed on, which costs next to nothing.
"""

import random
import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.propagate import extract, inject
from opentelemetry.trace import SpanKind, StatusCode

from step3_async.gateway.messages import Asked

_SOUND = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_tracer = trace.get_tracer("step3_async.gateway")


def is_on() -> bool:
    """Whether somebody takes spans."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def traceparent_of(named: Mapping[bytes, bytes]) -> str:
    """The trace context that a request has come with, if it is sound; else that of a new trace."""
    given = named.get(b"traceparent")
    if given is not None and _SOUND.fullmatch(given):
        return given.decode()
    # Never all zeros, which would be no context.
    trace_id, span_id = random.getrandbits(128) | 1, random.getrandbits(64) | 1
    return f"00-{trace_id:032x}-{span_id:016x}-00"


@contextmanager
def server_span(asked: Asked, route: str) -> Iterator[trace.Span]:
    """A span for a request, whose context becomes that of the request."""
    parent = extract({"traceparent": asked.traceparent}) if b"traceparent" in asked.named else None
    attributes = {"http.request.method": asked.method, "url.path": asked.path, "http.route": route}
    with _tracer.start_as_current_span(
        f"{asked.method} {route}", context=parent, kind=SpanKind.SERVER, attributes=attributes
    ) as span:
        asked.traceparent = _context(asked.traceparent)
        yield span


@contextmanager
def client_span(method: str, service: str, headers: MutableMapping[str, str]) -> Iterator[trace.Span]:
    """A span for a call, whose context goes along with its headers."""
    attributes = {"http.request.method": method, "peer.service": service}
    with _tracer.start_as_current_span(
        f"{method} {service}", kind=SpanKind.CLIENT, attributes=attributes
    ) as span:
        headers["traceparent"] = _context(headers.get("traceparent", ""))
        yield span


def tell_status(span: trace.Span, status: int, errors_from: int = 500) -> None:
    """Note the status of an answer on its span."""
    span.set_attribute("http.response.status_code", status)
    if status >= errors_from:
        span.set_status(StatusCode.ERROR)


def _context(otherwise: str) -> str:
    carrier: dict[str, str] = {}
    inject(carrier)
    return carrier.get("traceparent", otherwise)
