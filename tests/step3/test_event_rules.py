"""Which event a change of an owner's document makes, and that events match the catalogue."""

from typing import Any

import pytest

from step3_async.capture.event_rules import Change
from step3_async.capture.sources import SOURCES
from step3_async.contracts.catalogue import BY_NAME
from step3_async.contracts.envelope import Document

POST = {"_id": "t3_1", "title": "Stones", "topic": "python", "author": "ada", "score": 1}
MARK = {"_id": "ada:t3_1", "reader": "ada", "post": "t3_1", "topic": "python", "revision": 2}
SHARE = {"_id": "s1", "reader": "ada", "post": "t3_1", "revision": 1}
PLACE = {"reader": "ada", "post": "t3_1", "topic": "python"}

Doc = Document | None


def event_of(domain: str, kind: Any, before: Doc, after: Doc) -> tuple[str, Document] | None:
    source = next(each for each in SOURCES if each.domain == domain)
    key = (after or before or {})["_id"]
    event = source.rule(Change(kind, key, before, after))
    if event is None:
        return None
    BY_NAME[domain, event.name].payload.model_validate(event.payload)
    return event.name, event.payload


def tags(*names: str) -> Document:
    return {**MARK, "tags": list(names)}


@pytest.mark.parametrize(
    ("kind", "before", "after", "event"),
    [
        ("insert", None, POST, ("post-added", {"title": "Stones", "topic": "python", "author": "ada"})),
        (
            *("update", POST, {**POST, "score": 2, "ups": 3}),
            ("post-changed", {"title": "Stones", "topic": "python", "fields": ["score", "ups"]}),
        ),
        ("replace", None, POST, ("post-changed", {"title": "Stones", "topic": "python"})),
        ("delete", POST, None, ("post-removed", {})),
    ],
)
def test_change_of_a_post_makes_its_event(kind: str, before: Doc, after: Doc, event: Any) -> None:
    assert event_of("posts", kind, before, after) == event


@pytest.mark.parametrize(
    ("before", "after", "name", "rest"),
    [
        (None, tags("a"), "tagged", {"tags": ["a"], "added": ["a"]}),
        (tags("b"), tags("b", "a"), "tagged", {"tags": ["a", "b"], "added": ["a"]}),
        (tags("a"), tags("a"), "tagged", {"tags": ["a"], "added": []}),
        (tags("a", "b"), tags("b"), "untagged", {"tags": ["b"], "removed": ["a"]}),
        (tags("a"), tags(), "untagged", {"tags": [], "removed": ["a"]}),
        (None, MARK, "untagged", {"tags": [], "removed": []}),
        (tags("a"), None, "untagged", {"tags": [], "removed": ["a"]}),
    ],
)
def test_change_of_tags_makes_its_event(before: Doc, after: Doc, name: str, rest: Document) -> None:
    kind = "delete" if after is None else "update"
    assert event_of("tag", kind, before, after) == (name, {**PLACE, **rest})


@pytest.mark.parametrize(
    ("domain", "field", "name", "opposite"),
    [("like", "liked", "liked", "unliked"), ("hide", "hidden", "hidden", "shown")],
)
def test_change_of_a_like_or_hide_makes_its_event(domain: str, field: str, name: str, opposite: str) -> None:
    on, off = {**MARK, field: True}, {**MARK, field: False}
    assert event_of(domain, "insert", None, on) == (name, PLACE)
    assert event_of(domain, "update", on, on) == (name, PLACE)
    assert event_of(domain, "update", on, off) == (opposite, PLACE)
    assert event_of(domain, "update", None, off) == (opposite, PLACE)
    assert event_of(domain, "delete", on, None) == (opposite, PLACE)


def test_deleted_mark_without_an_image_is_known_by_its_key() -> None:
    rule = next(each for each in SOURCES if each.domain == "like").rule
    event = rule(Change("delete", "ada:t3_1", None, None))
    assert event == ("unliked", {"reader": "ada", "post": "t3_1"})


def test_share_is_one_event_without_recipient_and_note() -> None:
    assert event_of("share", "insert", None, SHARE) == ("shared", {"reader": "ada", "post": "t3_1"})
    assert event_of("share", "update", SHARE, SHARE) is None
    assert event_of("share", "delete", SHARE, None) is None


def test_revocation_is_an_event_and_its_expiry_is_not() -> None:
    ended = {"_id": "token", "expires": "2026-01-01T00:00:00Z", "revision": 1}
    event = ("token-revoked", {"expires": "2026-01-01T00:00:00Z"})
    assert event_of("members", "insert", None, ended) == event
    assert event_of("members", "replace", ended, ended) == event
    assert event_of("members", "delete", ended, None) is None


def test_no_secret_is_published() -> None:
    fields = {source.domain: set(source.fields) for source in SOURCES}
    assert not fields["share"] & {"to", "note"}
    assert fields["members"] == {"_id", "expires", "revision", "traceparent"}
    assert {source.collection for source in SOURCES if source.domain == "members"} == {"revoked"}
