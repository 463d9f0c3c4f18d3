"""Sync delivers the fields that the owner publishes and the taker copies, one by one."""

from importlib import import_module
from typing import Any

import pytest

from step2_services.sync.relations import RELATIONS, Relation
from tests.step2.running_parts import KINDS, SERVICES

PUBLISHED = {
    "posts": "PUBLISHED",
    "tags": "TAGS",
    "likes": "LIKES",
    "hides": "HIDES",
    "revocations": "REVOCATIONS",
}
REVOCATIONS = ("expires",)
"""What step2_services.service_factory makes every service copy that identifies readers."""


def settings(service: str) -> Any:
    return import_module(f"step2_services.{service}.service")


def taken(service: str, what: str) -> tuple[str, ...]:
    """Return the fields that a service copies."""
    if what == "revocations":
        return REVOCATIONS
    if service == "recommend" and what in KINDS:
        own = settings(service)
        return (*own.MARK, own.MARKS[what])
    fields: tuple[str, ...] = getattr(settings(service), what.upper())
    return fields


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.name)
def test_owner_publishes_the_fields_that_the_taker_copies(relation: Relation) -> None:
    assert {relation.owner, relation.taker} < set(SERVICES)
    assert relation.owner != relation.taker
    assert len(set(relation.fields)) == len(relation.fields)
    found = getattr(settings(relation.owner), PUBLISHED[relation.what])
    assert set(relation.fields) <= set(found)
    assert set(relation.fields) == set(taken(relation.taker, relation.what))


def test_relations_are_unique() -> None:
    names = [relation.name for relation in RELATIONS]
    assert len(set(names)) == len(names)


def test_each_kind_of_document_has_one_owner() -> None:
    owners = {(relation.what, relation.owner) for relation in RELATIONS}
    assert len(owners) == len(PUBLISHED)


@pytest.mark.parametrize("service", SERVICES)
def test_each_copied_field_is_delivered(service: str) -> None:
    own = settings(service)
    takes = {what for what in ("posts", "hides") if hasattr(own, what.upper())}
    if service in ("hide", "posts"):
        takes -= {{"hide": "hides", "posts": "posts"}[service]}  # it publishes those
    takes |= set(getattr(own, "MARKS", ()))
    carried = {relation.what for relation in RELATIONS if relation.taker == service}
    assert carried - {"revocations"} == takes


def test_private_fields_are_not_delivered() -> None:
    assert not {"password", "email", "to", "note"} & {
        name for relation in RELATIONS for name in relation.fields
    }
