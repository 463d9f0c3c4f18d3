"""Which fact a change of an owner's document is, and that facts tell what the catalog says."""

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


def told(domain: str, kind: Any, before: Doc, after: Doc) -> tuple[str, Document] | None:
    source = next(each for each in SOURCES if each.domain == domain)
    key = (after or before or {})["_id"]
    fact = source.rule(Change(kind, key, before, after))
    if fact is None:
        return None
    BY_NAME[domain, fact.name].payload.model_validate(fact.payload)
    return fact.name, fact.payload


def tags(*names: str) -> Document:
    return {**MARK, "tags": list(names)}


@pytest.mark.parametrize(
    ("kind", "before", "after", "fact"),
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
def test_posts(kind: str, before: Doc, after: Doc, fact: Any) -> None:
    assert told("posts", kind, before, after) == fact


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
def test_tags(before: Doc, after: Doc, name: str, rest: Document) -> None:
    kind = "delete" if after is None else "update"
    assert told("tag", kind, before, after) == (name, {**PLACE, **rest})


@pytest.mark.parametrize(
    ("domain", "field", "name", "opposite"),
    [("like", "liked", "liked", "unliked"), ("hide", "hidden", "hidden", "shown")],
)
def test_likes_and_hides(domain: str, field: str, name: str, opposite: str) -> None:
    on, off = {**MARK, field: True}, {**MARK, field: False}
    assert told(domain, "insert", None, on) == (name, PLACE)
    assert told(domain, "update", on, on) == (name, PLACE)
    assert told(domain, "update", on, off) == (opposite, PLACE)
    assert told(domain, "update", None, off) == (opposite, PLACE)
    assert told(domain, "delete", on, None) == (opposite, PLACE)


def test_a_share_is_told_once_and_without_whom_or_what_was_written() -> None:
    assert told("share", "insert", None, SHARE) == ("shared", {"reader": "ada", "post": "t3_1"})
    assert told("share", "update", SHARE, SHARE) is None
    assert told("share", "delete", SHARE, None) is None


def test_an_ended_token_is_told_and_that_it_is_forgotten_is_not() -> None:
    ended = {"_id": "token", "expires": "2026-01-01T00:00:00Z", "revision": 1}
    fact = ("token-revoked", {"expires": "2026-01-01T00:00:00Z"})
    assert told("members", "insert", None, ended) == fact
    assert told("members", "replace", ended, ended) == fact
    assert told("members", "delete", ended, None) is None


def test_no_secret_may_travel() -> None:
    fields = {source.domain: set(source.fields) for source in SOURCES}
    assert not fields["share"] & {"to", "note"}
    assert fields["members"] == {"_id", "expires", "revision", "traceparent"}
    assert {source.collection for source in SOURCES if source.domain == "members"} == {"revoked"}
