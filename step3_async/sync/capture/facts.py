"""Which fact a change of a document is; see `step3_async.contracts.payloads` for what they tell."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from step3_async.contracts.envelope import Document


@dataclass(frozen=True)
class Change:
    """A change of the document `key`, as MongoDB tells it. `before` is None also where MongoDB did not keep
    what was before.
    """

    kind: Literal["insert", "update", "replace", "delete"]
    key: str
    before: Document | None
    after: Document | None


class Fact(NamedTuple):
    """The name and the payload of an event."""

    name: str
    payload: Document


def of_post(change: Change) -> Fact:
    """A post was added, changed or removed."""
    before, after = change.before, change.after
    if after is None:
        return Fact("post-removed", {})
    if change.kind == "insert":
        return Fact("post-added", _those(after, "title", "topic", "author"))
    told = _those(after, "title", "topic")
    if before is not None:
        names = sorted(after.keys() | before.keys())
        told["fields"] = [name for name in names if after.get(name) != before.get(name)]
    return Fact("post-changed", told)


def of_tags(change: Change) -> Fact:
    """Tags were put on a post, or taken off."""
    before, after = _tags(change.before), _tags(change.after)
    added, removed = sorted(after - before), sorted(before - after)
    told = {**_whose(change), "tags": sorted(after)}
    # A command that changes nothing is a fact, too: whoever gave it waits until all have heard.
    if removed or not after:
        return Fact("untagged", {**told, "removed": removed})
    return Fact("tagged", {**told, "added": added})


def of_mark(field: str, name: str, opposite: str, change: Change) -> Fact:
    """A reader's mark was set, which is the fact `name`, or cleared."""
    is_set = change.after is not None and bool(change.after.get(field))
    return Fact(name if is_set else opposite, _whose(change))


def of_share(change: Change) -> Fact | None:
    """A post was shared."""
    if change.kind != "insert" or change.after is None:
        return None
    return Fact("shared", _those(change.after, "reader", "post"))


def of_revocation(change: Change) -> Fact | None:
    """A token was ended early. That MongoDB forgets one which would have ended anyway is no fact."""
    return Fact("token-revoked", _those(change.after, "expires")) if change.after is not None else None


def _whose(change: Change) -> Document:
    reader, _, post = change.key.partition(":")
    known = change.after or change.before or {}
    return {"reader": reader, "post": post, **_those(known, "reader", "post", "topic")}


def _those(document: Document, *names: str) -> Document:
    return {name: document[name] for name in names if name in document}


def _tags(document: Document | None) -> set[str]:
    return set((document or {}).get("tags", ()))
