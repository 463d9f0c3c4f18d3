"""The catalogue as an AsyncAPI document (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from step3_async.contracts.catalogue import EVENT_TYPES, TITLES, EventType
from step3_async.contracts.envelope import SNAPSHOT_PAGE, Document, Event, Page
from step3_async.contracts.payloads import DOCUMENTS
from step3_async.rapids.bus import event_topic

VERSION = "1.0.0"
SCHEMAS = "#/components/schemas/"
RIVER = "river"
DESCRIPTION = (
    "Events are delivered at least once. Of the events of one document the one with the highest `version` "
    "counts, in whatever order they come."
)


def asyncapi() -> Document:
    """Return the document. Each event has a channel, and so have the snapshot pages of each domain."""
    messages = {each["name"]: each for each in _messages()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of Stepping Stones, step 3",
            "version": VERSION,
            "description": DESCRIPTION,
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(message) for name, message in messages.items()},
        "operations": {
            f"{action}-{name}": _operation(action, name)
            for name in messages
            for action in ("send", "receive")
        },
        "components": {
            "messages": {name: message["message"] for name, message in messages.items()},
            "schemas": _schemas(),
        },
    }


def _messages() -> Iterator[Document]:
    for each in EVENT_TYPES:
        after: Document = {} if each.removes else {"after": _ref(each.document)}
        payload = _envelope(each.domain, each.name, _ref(each.payload), before=_ref(each.document), **after)
        yield _message(each.domain, each.name, each.summary, payload, [_example(each)])
    for domain, document in DOCUMENTS.items():
        summary = f"All documents of a range, as they are: {TITLES[domain][0].lower()}{TITLES[domain][1:]}"
        narrowed = {"properties": {"documents": {"items": _ref(document)}}}
        payload = _envelope(domain, SNAPSHOT_PAGE, {"allOf": [_ref(Page), narrowed]})
        yield _message(domain, SNAPSHOT_PAGE, summary, payload, [])


def _message(domain: str, name: str, summary: str, payload: Document, examples: list[Document]) -> Document:
    message: Document = {"name": name, "title": name, "summary": summary, "payload": payload}
    if examples:
        message["examples"] = examples
    return {"name": f"{domain}.{name}", "domain": domain, "event": name, "message": message}


def _channel(message: Document) -> Document:
    """Return the channel of a message; pages are addressed to one river or to all."""
    address, name = event_topic(message["domain"], message["event"]), message["name"]
    channel: Document = {
        "address": address,
        "summary": message["message"]["summary"],
        "messages": {message["event"]: {"$ref": f"#/components/messages/{name}"}},
    }
    if message["event"] == SNAPSHOT_PAGE:
        channel["address"] = f"{address}.{{{RIVER}}}"
        channel["parameters"] = {RIVER: {"description": "The river that requested it, or `all`."}}
    return channel


def _operation(action: str, channel: str) -> Document:
    event = channel.partition(".")[2]
    who = "Capture publishes" if action == "send" else "Services that take the domain receive"
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": f"{who} {event}",
        "messages": [{"$ref": f"#/channels/{channel}/messages/{event}"}],
    }


def _envelope(domain: str, name: str, payload: Document, **documents: Document) -> Document:
    """Return the schema of an event; empty fields are left out of it."""
    envelope = Event.model_json_schema(by_alias=True)
    known = {
        field: schema for field, schema in envelope["properties"].items() if field not in ("before", "after")
    }
    narrowed = {
        "eventDomain": {"const": domain},
        "eventName": {"const": name},
        "traceparent": {"type": "string"},
        "payload": payload,
    }
    required = [field for field in envelope["required"] if field != "payload"]
    return {
        "type": "object",
        "properties": {**known, **narrowed, **documents},
        "required": [*required, "payload", *(field for field in documents if field == "after")],
        "additionalProperties": False,
    }


def _example(event_type: EventType) -> Document:
    event = event_type.example_event()
    example: Any = event.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"name": event_type.name, "summary": event_type.summary, "payload": example}


def _schemas() -> Document:
    models: set[type[BaseModel]] = {
        *(each.payload for each in EVENT_TYPES),
        *DOCUMENTS.values(),
        Page,
    }
    mode: JsonSchemaMode = "validation"
    known = [(model, mode) for model in sorted(models, key=str)]
    _, schemas = models_json_schema(known, by_alias=True, ref_template=f"{SCHEMAS}{{model}}")
    found: Document = schemas["$defs"]
    return found


def _ref(model: type[BaseModel]) -> Document:
    return {"$ref": f"{SCHEMAS}{model.__name__}"}
