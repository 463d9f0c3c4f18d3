"""The catalogue of events, and the AsyncAPI document made from it."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from step3_async.contracts.asyncapi import asyncapi
from step3_async.contracts.catalogue import EVENT_TYPES, TITLES, EventType, of_domain
from step3_async.contracts.catalogue import validate as validate_event
from step3_async.contracts.envelope import SNAPSHOT_PAGE, Event, Page
from step3_async.contracts.payloads import DOCUMENTS, fields_of
from step3_async.rapids.nats.streams import event_subject
from tests.step3.histories import page

Document = dict[str, Any]

REFERENCE = {
    "type": "object",
    "properties": {"$ref": {"type": "string", "pattern": "^#/"}},
    "required": ["$ref"],
    "additionalProperties": False,
}
TEXT = {"type": "string", "minLength": 1}


def described(required: list[str], **properties: Any) -> Document:
    """Return a schema of an object with these fields and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def named(each: Document, pattern: str = "^[A-Za-z0-9._-]+$") -> Document:
    return {"type": "object", "patternProperties": {pattern: each}, "additionalProperties": False}


# https://www.asyncapi.com/docs/reference/specification/v3.0.0, as far as the document uses it.
STRUCTURE = described(
    ["asyncapi", "info", "channels", "operations", "components"],
    asyncapi={"const": "3.0.0"},
    info=described(["title", "version"], title=TEXT, version=TEXT, description=TEXT),
    defaultContentType={"const": "application/json"},
    channels=named(
        described(
            ["address", "messages"],
            address=TEXT,
            summary=TEXT,
            messages=named(REFERENCE),
            parameters=named(described([], description=TEXT)),
        )
    ),
    operations=named(
        described(
            ["action", "channel"],
            action={"enum": ["send", "receive"]},
            channel=REFERENCE,
            summary=TEXT,
            messages={"type": "array", "items": REFERENCE, "minItems": 1},
        )
    ),
    components=described(
        [],
        messages=named(
            described(
                ["payload"],
                name=TEXT,
                title=TEXT,
                summary=TEXT,
                payload={"type": "object"},
                examples={
                    "type": "array",
                    "items": described(["payload"], name=TEXT, summary=TEXT, payload={"type": "object"}),
                },
            )
        ),
        schemas=named({"type": "object"}),
    ),
)


@pytest.fixture(scope="module")
def document() -> Document:
    """The document as the command prints it."""
    made: Document = json.loads(json.dumps(asyncapi()))
    return made


def resolved(document: Document, reference: str) -> Any:
    found: Any = document
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [each for part in value for each in references(part)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [each for part in value.values() for each in references(part)]


def schema_of(document: Document, event: Event) -> Document:
    message = document["components"]["messages"][f"{event.event_domain}.{event.event_name}"]
    return {**message["payload"], "components": document["components"]}


def validate(document: Document, event: Event, **changed: Any) -> None:
    content = json.loads(event.dumps()) | changed
    Draft7Validator(schema_of(document, event)).validate(content)


def test_document_has_the_structure_of_asyncapi(document: Document) -> None:
    Draft7Validator.check_schema(STRUCTURE)
    Draft7Validator(STRUCTURE).validate(document)
    for reference in references(document):
        resolved(document, reference)
    for name, channel in document["channels"].items():
        assert set(re.findall(r"{(.*?)}", channel["address"])) == set(channel.get("parameters", ())), name
    for name, operation in document["operations"].items():
        messages = resolved(document, operation["channel"]["$ref"])["messages"]
        prefix = f"{operation['channel']['$ref']}/messages/"
        own = [each["$ref"].removeprefix(prefix) for each in operation["messages"]]
        assert set(own) <= set(messages), name
    for message in document["components"]["messages"].values():
        Draft7Validator.check_schema(message["payload"])


def test_every_event_type_has_its_channel(document: Document) -> None:
    for event_type in EVENT_TYPES:
        name = f"{event_type.domain}.{event_type.name}"
        assert document["channels"][name]["address"] == event_subject(event_type.domain, event_type.name)
        assert {f"send-{name}", f"receive-{name}"} <= set(document["operations"])
    for domain in TITLES:
        address = document["channels"][f"{domain}.{SNAPSHOT_PAGE}"]["address"]
        assert address.replace("{river}", "search") == event_subject(domain, SNAPSHOT_PAGE, "search")
    assert len(document["channels"]) == len(EVENT_TYPES) + len(TITLES)


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=lambda event_type: event_type.name)
class TestEventTypes:
    def test_example_is_a_valid_event(self, document: Document, event_type: EventType) -> None:
        event = event_type.example_event()
        validate_event(event)
        validate(document, event)
        (example,) = document["components"]["messages"][f"{event_type.domain}.{event_type.name}"]["examples"]
        assert Event.model_validate(example["payload"]) == event

    def test_invalid_event_is_refused_with_the_reason(
        self, document: Document, event_type: EventType
    ) -> None:
        event = event_type.example_event()
        secret = {**event.payload, "password": "x"}
        wrong: list[Document] = [{"payload": secret}, {"version": "1"}, {"eventName": "other"}, {"more": 1}]
        if event.after is not None:
            wrong += [{"after": {**event.after, "password": "x"}}, {"after": None}]
        for changed in wrong:
            with pytest.raises(ValidationError):
                validate(document, event, **changed)
        with pytest.raises(ValueError):
            validate_event(event.model_copy(update={"payload": secret}))
        with pytest.raises(ValueError):
            validate_event(event.model_copy(update={"event_name": "other"}))
        with pytest.raises(ValueError):
            other = {"_id": "x"} if event.after is None else None
            validate_event(event.model_copy(update={"after": other}))

    def test_example_has_all_published_fields(self, event_type: EventType) -> None:
        assert set(event_type.example_after) - set(fields_of(event_type.domain)) == set()
        assert set(fields_of(event_type.domain)) - set(event_type.example_after) == set()


@pytest.mark.parametrize("domain", TITLES)
def test_snapshot_page_is_a_valid_event(document: Document, domain: str) -> None:
    documents = [event_type.example_after for event_type in of_domain(domain)][:1]
    found = page(domain, 9, Page(run="run", documents=documents, after=None, upto=None, last=True))
    validate_event(found)
    validate(document, found)
    with pytest.raises(ValueError):
        validate_event(
            found.model_copy(update={"payload": {**found.payload, "documents": [{"_id": "x", "secret": 1}]}})
        )


def test_no_secret_is_published() -> None:
    published = {field for domain in DOCUMENTS for field in fields_of(domain)}
    assert not published & {"password", "hash", "email", "to", "note", "token"}
