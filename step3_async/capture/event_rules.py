"""The rules by which the change of a document becomes an event. The catalogue has the fields of events."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from step3_async.contracts.envelope import Document


@dataclass(frozen=True)
class Change:
    """A change of the document `key`. `before` is None also where MongoDB has not kept the document."""

    kind: Literal["insert", "update", "replace", "delete"]
    key: str
    before: Document | None
    after: Document | None


class Named(NamedTuple):
    """The name and the payload of an event."""

    name: str
    payload: Document


def of_post(change: Change) -> Named:
    """Return post-added, post-changed or post-removed."""
    before, after = change.before, change.after
    if after is None:
        return Named("post-removed", {})
    if change.kind == "insert":
        return Named("post-added", _fields(after, "title", "topic", "author"))
    payload = _fields(after, "title", "topic")
    if before is not None:
        names = sorted(after.keys() | before.keys())
        payload["fields"] = [name for name in names if after.get(name) != before.get(name)]
    return Named("post-changed", payload)


def of_tags(change: Change) -> Named:
    """Return tagged or untagged."""
    before, after = _tags(change.before), _tags(change.after)
    added, removed = sorted(after - before), sorted(before - after)
    payload = {**_reader_and_post(change), "tags": sorted(after)}
    # A command that changes nothing is an event, too: its client waits until every view has applied it.
    if removed or not after:
        return Named("untagged", {**payload, "removed": removed})
    return Named("tagged", {**payload, "added": added})


def of_mark(field: str, name: str, opposite: str, change: Change) -> Named:
    """Return `name` if the mark is set, or else `opposite`."""
    is_set = change.after is not None and bool(change.after.get(field))
    return Named(name if is_set else opposite, _reader_and_post(change))


def of_share(change: Change) -> Named | None:
    """Return shared; None for anything but an insertion."""
    if change.kind != "insert" or change.after is None:
        return None
    return Named("shared", _fields(change.after, "reader", "post"))


def of_revocation(change: Change) -> Named | None:
    """Return token-revoked; None when MongoDB deletes an expired token."""
    return Named("token-revoked", _fields(change.after, "expires")) if change.after is not None else None


def _reader_and_post(change: Change) -> Document:
    reader, _, post = change.key.partition(":")
    known = change.after or change.before or {}
    return {"reader": reader, "post": post, **_fields(known, "topic")}


def _fields(document: Document, *names: str) -> Document:
    return {name: document[name] for name in names if name in document}


def _tags(document: Document | None) -> set[str]:
    return set((document or {}).get("tags", ()))
