"""Compare owners' documents with the ponds of step 3, directly in their databases."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

Client = MongoClient[dict[str, Any]]
Documents = dict[str, dict[str, Any]]

SHOWN = (
    *("source", "title", "text", "author", "topic", "url", "permalink", "thumbnail"),
    *("created", "score", "ups", "downs", "num_comments", "over_18"),
)
MARK = ("reader", "post")
KINDS = {"tag": "tags", "like": "liked", "hide": "hidden"}
READERS = ("posts", "tag", "like", "hide", "share", "list", "search", "recommend", "tagged", "images")
"""Services that identify readers by their tokens."""


@dataclass(frozen=True)
class Pond:
    """The pond of `view` with these fields of the documents of `owner`. Where several owners have fields in
    one document, only documents with the field `part` count.
    """

    owner: str
    collection: str
    view: str
    fields: tuple[str, ...]
    part: str = ""

    def differences(self, client: Client) -> list[str]:
        """Return the differences between the pond and its owner."""
        owned = self._projected(documents(client, self.owner, self.collection))
        there = self._projected(documents(client, self.view, self.collection))
        return [
            f"{self.owner}.{self.collection} in {self.view}: {key}: {owned.get(key)} is {there.get(key)}"
            for key in sorted({*owned, *there})
            if owned.get(key) != there.get(key)
        ]

    def _projected(self, found: Documents) -> Documents:
        return {
            key: {name: each[name] for name in self.fields if name in each}
            for key, each in found.items()
            if not self.part or self.part in each
        }


POSTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("list", "search", "recommend", "tagged"), SHOWN),
    **dict.fromkeys(("tag", "like", "hide"), ("topic",)),
    "share": ("title", "url", "permalink"),
    "images": ("thumbnail", "url"),
}
PONDS = (
    *(Pond("posts", "posts", view, fields) for view, fields in POSTS.items()),
    *(
        Pond(owner, "marks", view, (*MARK, field, "topic"), field)
        for owner, field in KINDS.items()
        for view in ("recommend", "tagged")
    ),
    *(Pond("hide", "marks", view, (*MARK, "hidden"), "hidden") for view in ("list", "search")),
    *(Pond("members", "revoked", view, ("expires",)) for view in READERS),
)


def documents(client: Client, service: str, collection: str) -> Documents:
    """Return a service's documents by their ids."""
    return {each["_id"]: each for each in client[f"step3_{service}"][collection].find()}


def all_differences(client: Client) -> list[str]:
    """Return the differences of all ponds."""
    return [text for pond in PONDS for text in pond.differences(client)]


def duplicates(client: Client) -> list[str]:
    """Return tags that are in a mark twice, and marks that exist twice."""
    found = []
    for service in ("tag", "like", "hide", "list", "search", "recommend", "tagged"):
        seen: set[tuple[str, str]] = set()
        for key, mark in documents(client, service, "marks").items():
            whose = (mark.get("reader", key), mark.get("post", key))
            tags = mark.get("tags", [])
            if whose in seen or len(tags) != len(set(tags)):
                found.append(f"{service}: {mark}")
            seen.add(whose)
    return found


def wrong_revisions(client: Client) -> list[str]:
    """Return marks whose revision in a pond is not the owner's revision."""
    found = []
    for owner, field in KINDS.items():
        owned = documents(client, owner, "marks")
        for view in ("recommend", "tagged"):
            there = documents(client, view, "marks")
            for key, mark in owned.items():
                known = there.get(key, {}).get("applied", {}).get(owner, {}).get("revision")
                if known != mark["revision"]:
                    found.append(f"{view}: {key}: {field} has revision {known}, not {mark['revision']}")
    return found
