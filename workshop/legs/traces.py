"""Makes ways from traces."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mode
from urllib.parse import urlsplit

from workshop.legs.collector import Span
from workshop.legs.readers import Sent
from workshop.legs.ways import Event, Leg
from workshop.testbed.process import NotMeasured

POST = re.compile(r"(?<=/posts/)[^/]+")


@dataclass
class Request:
    """An HTTP request in a trace, and the requests that were sent because of it, in the order of their start.

    `start` and `end` are the caller's, in nanoseconds since 1970.
    """

    caller: str
    callee: str
    text: str
    start: int
    end: int
    commands: int = 0
    inner: list["Request"] = field(default_factory=list)

    @property
    def shape(self) -> tuple[object, ...]:
        """What is the same each time: who requests what from whom, not when."""
        inner = tuple(sorted(each.shape for each in self.inner))
        return self.caller, self.callee, self.text, inner


def is_complete(spans: Sequence[Span], sent: Sent) -> bool:
    """Return whether all spans of the trace are there: none refers to one that is missing."""
    known = {span.id for span in spans} | {sent.span}
    served = {span.parent for span in spans if span.kind == "SERVER"}
    requested = {span.id for span in spans if span.kind == "CLIENT" and not _is_command(span)}
    return sent.span in served and requested <= served and all(span.parent in known for span in spans)


def requests_of(spans: Sequence[Span], sent: Sent, client: str) -> Request:
    """Return the request of `client` that a complete trace begins with."""
    by_id = {span.id: span for span in spans}
    requests: dict[str, Request] = {}
    for span in spans:
        if span.kind == "SERVER":
            by = by_id.get(span.parent, span)
            caller = client if span.parent == sent.span else by.service
            requests[span.id] = Request(caller, span.service, _text(span), by.start, by.end)
    first = None
    for span in sorted(spans, key=lambda each: each.start):
        outer = _outer(span, by_id, requests)
        if span.kind == "SERVER":
            if outer is None:
                first = requests[span.id]
            else:
                outer.inner.append(requests[span.id])
        elif _is_command(span) and outer is not None:
            outer.commands += 1
    assert first is not None, "the trace is complete"  # noqa: S101
    return first


def legs_of(traced: Sequence[Request]) -> tuple[Leg, ...]:
    """Return the legs of one kind of request, which was traced several times.

    Requests with the same caller that overlap in any of the traces are sent at the same time: others never
    overlap. Raises NotMeasured if the traces do not agree on who requests what.
    """
    if len({each.shape for each in traced}) > 1:
        raise NotMeasured("The same request took different ways. Try again on a quieter machine.")
    return tuple(_numbered([[tuple(traced)]], depth=0, number=0))


def event_of(spans: Sequence[Span], trace: str, response_at: int, owner: str) -> Event | None:
    """Return the event that a request to `owner` caused, by the links of spans to its trace.

    `response_at` is when the client got its response.
    """
    caused = [span for span in spans if trace in span.causes]
    published = [span for span in caused if span.kind == "PRODUCER"]
    begun: dict[str, int] = {}  # an event may come more than once
    for span in caused:
        if span.kind == "CONSUMER":
            begun[span.service] = min(span.start, begun.get(span.service, span.start))
    if not published or not begun:
        return None
    return Event(
        name=published[0].name.split()[-1],
        owner=owner,
        publisher=published[0].service,
        subscribers=tuple(sorted(begun)),
        before_response=max(begun.values()) < response_at,
    )


def _numbered(groups: list[list[tuple[Request, ...]]], depth: int, number: int) -> Iterator[Leg]:
    """Yield the legs of groups of requests that are sent at the same time, and of those inside each."""
    for group in groups:
        number += 1
        for each in sorted(group, key=lambda requests: (requests[0].callee, requests[0].text)):
            first = each[0]
            commands = mode(request.commands for request in each)
            yield Leg(number, depth, first.caller, first.callee, first.text, commands)
        for each in sorted(group, key=lambda requests: (requests[0].callee, requests[0].text)):
            for leg in _numbered(_grouped(each), depth + 1, number):
                yield leg
                number = leg.number


def _grouped(outer: tuple[Request, ...]) -> list[list[tuple[Request, ...]]]:
    """Return the requests inside `outer`, grouped by what is sent at the same time."""
    in_order = outer[0].inner
    others = [sorted(request.inner, key=lambda each: each.shape) for request in outer]
    places = sorted(range(len(in_order)), key=lambda place: in_order[place].shape)
    aligned: dict[int, tuple[Request, ...]] = {
        place: tuple(found[rank] for found in others) for rank, place in enumerate(places)
    }
    groups: list[list[tuple[Request, ...]]] = []
    for place in range(len(in_order)):
        if groups and any(_overlap(aligned[place], each) for each in groups[-1]):
            groups[-1].append(aligned[place])
        else:
            groups.append([aligned[place]])
    return groups


def _overlap(one: Sequence[Request], other: Sequence[Request]) -> bool:
    return any(a.start < b.end and b.start < a.end for a, b in zip(one, other, strict=True))


def _outer(span: Span, by_id: Mapping[str, Span], requests: Mapping[str, Request]) -> Request | None:
    """Return the request during which the span was made."""
    parent = by_id.get(span.parent)
    while parent is not None and parent.id not in requests:
        parent = by_id.get(parent.parent)
    return requests[parent.id] if parent is not None else None


def _text(span: Span) -> str:
    """Return the method and the path of a request. Posts have no ids, and there is no query."""
    known = span.attributes
    path = urlsplit(known.get("http.target") or known.get("url.path") or "").path
    return f"{known.get('http.method') or known.get('http.request.method')} {POST.sub('…', path)}"


def _is_command(span: Span) -> bool:
    return span.kind == "CLIENT" and bool(span.attributes.get("db.system"))
