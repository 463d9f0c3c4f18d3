"""The responses that are right: those of step 0, to which those of all steps are compared."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from workshop.compare.workload.face import Face, several
from workshop.compare.workload.mix import compared_paths

PATIENCE = 10.0
"""Seconds until a page must be right: a step may take a moment to see a mark everywhere."""

SHOWN_POSTS = 20
PAUSE = 0.5

Page = Any
"""A page without what may differ between steps: the order of fields, links and etags."""


def expected_pages(base: str, words: Sequence[str]) -> dict[str, list[str]]:
    """Return the ids of each page of searches and of the list that a load can ask for, in their order.

    Marks of readers do not change them, as the readers of a load hide nothing. Raises NotMeasured.
    """
    visitor = Face(base)

    def ids(path: str) -> list[str]:
        return [str(post["_id"]) for post in visitor.request("GET", path)["_items"]]

    paths = compared_paths(words)
    return dict(zip(paths, several(ids, paths), strict=True))


def observe_pages(base: str, words: Sequence[str], posts: Sequence[str], token: str) -> dict[str, Page]:
    """Return all pages that a load can ask for, as a visitor and as a reader sees them: searches, the list,
    recommendations, and some posts. The keys are `visitor …` and `reader …`. Raises NotMeasured.
    """
    shown = [f"/posts/{post}" for post in posts[:SHOWN_POSTS]]
    paths = [*compared_paths(words), "/recommended", *shown]
    return _observe(base, [f"{who} {path}" for who in ("visitor", "reader") for path in paths], token)


def differences(base: str, expected: Mapping[str, Page], token: str) -> list[str]:
    """Return how pages differ from `expected`, which is what `observe_pages` returned for another step. The
    reader must have the same marks there. Raises NotMeasured.
    """
    deadline = time.monotonic() + PATIENCE
    wrong = [*expected]
    while True:
        found = _observe(base, wrong, token)
        wrong = [key for key in wrong if found[key] != expected[key]]
        if not wrong or time.monotonic() > deadline:
            return [f"{key}: {_first_difference(expected[key], found[key])}" for key in wrong]
        time.sleep(PAUSE)


def _observe(base: str, keys: Sequence[str], token: str) -> dict[str, Page]:
    faces = {"visitor": Face(base), "reader": Face(base, token)}

    def page(key: str) -> Page:
        who, path = key.split(" ", 1)
        return _normalised(faces[who].request("GET", path))

    return dict(zip(keys, several(page, keys), strict=True))


def _normalised(body: dict[str, Any]) -> Page:
    if "_items" not in body:
        return [_post(body)]
    return [*map(_post, body["_items"]), {"total": body["_meta"]["total"]}]


def _post(post: dict[str, Any]) -> dict[str, Any]:
    names = ("_id", "title", "text", "score", "created", "tags", "liked", "hidden")
    return {name: post.get(name) for name in names}


def _first_difference(expected: Page, found: Page) -> str:
    if len(expected) != len(found):
        return f"{len(found) - 1} posts instead of {len(expected) - 1}"
    for place, (right, wrong) in enumerate(zip(expected, found, strict=True), 1):
        for name in right:
            if right[name] != wrong.get(name):
                return f"{name} of post {place} is {wrong.get(name)!r} instead of {right[name]!r}"
    return "nothing"
