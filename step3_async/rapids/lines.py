"""Events as lines for people."""

import orjson
from pydantic import ValidationError

from step3_async.contracts.envelope import SNAPSHOT_PAGE, Event, Page


def name_of(raw: bytes) -> str:
    """Which event it is."""
    try:
        event = Event.model_validate_json(raw)
    except ValidationError:
        return f"no event, {len(raw)} bytes"
    return f"{event.event_domain} {event.event_name} {event.key}"


def line_of(raw: bytes) -> str:
    """When it happened, and what it tells."""
    try:
        event = Event.model_validate_json(raw)
        told = _page(event) if event.event_name == SNAPSHOT_PAGE else _fact(event)
    except ValidationError:
        return f"no event, {len(raw)} bytes"
    at = event.timestamp.astimezone().strftime("%H:%M:%S.%f")[:-3]
    return f"{at}  {event.event_domain:<8} {event.event_name:<14} {told}"


def _page(event: Event) -> str:
    page = Page.model_validate(event.payload)
    return f"{len(page.documents)} documents up to {page.upto or 'the end'}"


def _fact(event: Event) -> str:
    return f"{event.key}  {orjson.dumps(event.payload).decode()}"
