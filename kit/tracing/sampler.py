"""Which spans begin a trace."""

from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, SpanKind, TraceState
from opentelemetry.util.types import Attributes

BEGINNING = frozenset({SpanKind.SERVER, SpanKind.PRODUCER, SpanKind.CONSUMER})
"""What may begin a trace: a request from outside, and work on events."""

PROBES = ("/health/", "/metrics", "/.well-known/")
"""The beginnings of paths that others request all the time."""


class OfRequests(Sampler):
    """Leaves out what no request caused: probes, and what a process does by itself, such as polling.

    It passes on that nothing is recorded, so the processes that it sends requests to record nothing, either.
    `otherwise` decides about all other spans: OTEL_TRACES_SAMPLER by default.
    """

    def __init__(self, otherwise: Sampler) -> None:
        self._otherwise = otherwise

    def should_sample(  # noqa: PLR0917 - as the base class has it
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Decide whether a span is recorded."""
        has_parent = trace.get_current_span(parent_context).get_span_context().is_valid
        if not has_parent and (kind not in BEGINNING or _path(attributes).startswith(PROBES)):
            return SamplingResult(Decision.DROP)
        return self._otherwise.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        """Return a name for it and for the sampler that decides otherwise."""
        return f"{type(self).__name__}({self._otherwise.get_description()})"


def _path(attributes: Attributes) -> str:
    known = attributes or {}
    return str(known.get("http.target") or known.get("url.path") or "")
