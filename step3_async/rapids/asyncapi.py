"""The catalog as an AsyncAPI document (https://www.asyncapi.com/docs/reference/specification/v3.0.0)."""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from step3_async.rapids.bus import event_topic
from step3_async.rapids.catalog import FACTS, TITLES, Fact
from step3_async.rapids.event import SNAPSHOT_PAGE, Document, Event, Page
from step3_async.rapids.facts import DOCUMENTS

VERSION = "1.0.0"
SCHEMAS = "#/components/schemas/"
RIVER = "river"
DESCRIPTION = (
    "Facts are delivered at least once. Of one document that of the highest `version` counts, in whatever "
    "order they come."
)


def asyncapi() -> Document:
    """The document: every fact a channel with one message, and for each domain one of snapshot pages."""
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
    for fact in FACTS:
        after: Document = {} if fact.removes else {"after": _ref(fact.document)}
        payload = _envelope(fact.domain, fact.name, _ref(fact.payload), before=_ref(fact.document), **after)
        yield _message(fact.domain, fact.name, fact.summary, payload, [_example(fact)])
    for domain, document in DOCUMENTS.items():
        summary = f"How a range of documents is: {TITLES[domain][0].lower()}{TITLES[domain][1:]}"
        narrowed = {"properties": {"documents": {"items": _ref(document)}}}
        payload = _envelope(domain, SNAPSHOT_PAGE, {"allOf": [_ref(Page), narrowed]})
        yield _message(domain, SNAPSHOT_PAGE, summary, payload, [])


def _message(domain: str, name: str, summary: str, payload: Document, examples: list[Document]) -> Document:
    message: Document = {"name": name, "title": name, "summary": summary, "payload": payload}
    if examples:
        message["examples"] = examples
    return {"name": f"{domain}.{name}", "domain": domain, "fact": name, "message": message}


def _channel(message: Document) -> Document:
    """Pages are addressed to one river, or to all."""
    address, name = event_topic(message["domain"], message["fact"]), message["name"]
    channel: Document = {
        "address": address,
        "summary": message["message"]["summary"],
        "messages": {message["fact"]: {"$ref": f"#/components/messages/{name}"}},
    }
    if message["fact"] == SNAPSHOT_PAGE:
        channel["address"] = f"{address}.{{{RIVER}}}"
        channel["parameters"] = {RIVER: {"description": "The river that has asked for it, or `all`."}}
    return channel


def _operation(action: str, channel: str) -> Document:
    fact = channel.partition(".")[2]
    who = "Capture tells" if action == "send" else "Services that take the domain hear"
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": f"{who} {fact}",
        "messages": [{"$ref": f"#/channels/{channel}/messages/{fact}"}],
    }


def _envelope(domain: str, name: str, payload: Document, **documents: Document) -> Document:
    """The schema of events of one name, as they travel: what there is none of is left out."""
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


def _example(fact: Fact) -> Document:
    event: Any = fact.example_event().model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"name": fact.name, "summary": fact.summary, "payload": event}


def _schemas() -> Document:
    models: set[type[BaseModel]] = {*(fact.payload for fact in FACTS), *DOCUMENTS.values(), Page}
    mode: JsonSchemaMode = "validation"
    told = [(model, mode) for model in sorted(models, key=str)]
    _, schemas = models_json_schema(told, by_alias=True, ref_template=f"{SCHEMAS}{{model}}")
    found: Document = schemas["$defs"]
    return found


def _ref(model: type[BaseModel]) -> Document:
    return {"$ref": f"{SCHEMAS}{model.__name__}"}
