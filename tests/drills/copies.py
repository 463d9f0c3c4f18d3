"""Compare owners' documents with the copies of them, directly in their databases."""

from typing import Any

from pymongo import MongoClient

from step2_services.sync.relations import RELATIONS, Relation

Client = MongoClient[dict[str, Any]]
Documents = dict[str, dict[str, Any]]

MARKS = ("tags", "likes", "hides")
COLLECTIONS = {**dict.fromkeys(MARKS, "marks"), "posts": "posts", "revocations": "revoked"}
"""The collections of each kind of documents, at the owner and at the takers."""

OWN = {"tags": "tags", "likes": "liked", "hides": "hidden"}
"""In `recommend` the marks of three owners are in one document: the field of each."""


def documents(client: Client, service: str, what: str) -> Documents:
    """Return a service's documents by their ids."""
    return {each["_id"]: each for each in client[f"step2_{service}"][COLLECTIONS[what]].find()}


def differences(client: Client, relation: Relation) -> list[str]:
    """Return the differences between a taker's copies and the owner's documents."""
    owned = _projected(documents(client, relation.owner, relation.what), relation)
    copied = _projected(documents(client, relation.taker, relation.what), relation)
    return [
        f"{relation.name}: {key}: {owned.get(key)} is copied as {copied.get(key)}"
        for key in sorted({*owned, *copied})
        if owned.get(key) != copied.get(key)
    ]


def all_differences(client: Client) -> list[str]:
    """Return the differences for all relations."""
    return [text for relation in RELATIONS for text in differences(client, relation)]


def duplicates(client: Client) -> list[str]:
    """Return duplicate marks of a reader on a post, and tags that are in a mark twice."""
    found = []
    for service in ("tag", "like", "hide", "posts", "search", "recommend"):
        seen: set[tuple[str, str]] = set()
        for mark in documents(client, service, "tags").values():
            whose = (mark["reader"], mark["post"])
            tags = mark.get("tags", [])
            if whose in seen or len(tags) != len(set(tags)):
                found.append(f"{service}: {mark}")
            seen.add(whose)
    return found


def _projected(found: Documents, relation: Relation) -> Documents:
    own = OWN.get(relation.what) if relation.taker == "recommend" else None
    return {
        key: {name: each[name] for name in relation.fields if name in each}
        for key, each in found.items()
        if own is None or own in each
    }
