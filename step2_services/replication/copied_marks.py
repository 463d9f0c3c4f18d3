"""Marks of which a service keeps copies. The reader's own latest marks take precedence over the copies."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import g

from kit.domain.marks.collection import Marks
from kit.domain.marks.documents import Mark, mark_id
from kit.mongo.client import Document
from step2_services.own_marks import own_marks


class CopiedMarks(Marks):
    """Copies of marks. Marks that came with the current request take precedence (see `own_marks`).

    So readers see what they have just done, although the copies are late.
    """

    def hidden(self, reader: str) -> list[str]:
        hidden = dict.fromkeys(super().hidden(reader), True)
        hidden |= {post: mark["hidden"] for post, mark in _own_marks_with("hidden")}
        return [post for post, is_hidden in hidden.items() if is_hidden]

    def on_posts(self, posts: Iterable[str], reader: str) -> dict[str, Mark]:
        own = own_marks()
        return {
            post: _newer(mark, own.get(post, {})) for post, mark in super().on_posts(posts, reader).items()
        }

    def interests(self, reader: str) -> tuple[set[str], list[str]]:
        topics, tags = super().interests(reader)
        own = own_marks().values()
        topics |= {mark["topic"] for mark in own if mark.get("liked") or mark.get("tags")}
        return topics, sorted({*tags}.union(*(mark.get("tags", ()) for mark in own)))

    def liked_by(self, reader: str) -> Document:
        return {**super().liked_by(reader), **_except_posts_with("liked")}

    def tagged_by(self, reader: str) -> Document:
        return {**super().tagged_by(reader), **_except_posts_with("tags")}

    def with_tags(self, tags: list[str]) -> Document:
        changed = [mark_id(g.reader.username, post) for post, _ in _own_marks_with("tags")]
        return {**super().with_tags(tags), **({"_id": {"$nin": changed}} if changed else {})}


def _newer(mark: Mark, own: Mapping[str, Any]) -> Mark:
    """Return a copied mark with what the request's own mark of the same post says."""
    return {
        "tags": sorted(own.get("tags", mark["tags"])),
        "liked": own.get("liked", mark["liked"]),
        "hidden": own.get("hidden", mark["hidden"]),
    }


def _own_marks_with(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return those of the request's own marks that contain tags, liked or hidden, whichever `kind` is."""
    return ((post, mark) for post, mark in own_marks().items() if kind in mark)


def _except_posts_with(kind: str) -> Document:
    changed = [post for post, _ in _own_marks_with(kind)]
    return {"post": {"$nin": changed}} if changed else {}
