"""Finds the submissions in responses of APIs: things, listings of things, and lists with other names.

Formats: https://www.reddit.com/dev/api/ ("listings"), https://github.com/reddit-archive/reddit/wiki/JSON, and
the responses of archives, `{"data": [...], "error": null}`, which differ only in names.
"""

from collections.abc import Iterator
from typing import Any

from workshop.load.problems import BadRecord, NotAPost

_KINDS = {
    "t1": "a comment",
    "t2": "an account",
    "t4": "a message",
    "t5": "a subreddit",
    "more": "a list of comments",
}
_DEPTH = 5
_POST_FIELDS = ("title", "id", "name", "selftext", "body", "created_utc")
_ERROR_FIELDS = ("message", "error", "error_message", "detail", "reason")


def is_submission(value: Any) -> bool:
    """Return whether a value is the record of one submission, as all lines of most files are."""
    return isinstance(value, dict) and "kind" not in value and "title" in value


def submissions(value: Any, depth: int = _DEPTH) -> Iterator[dict[str, Any] | BadRecord | NotAPost]:
    """Yield the submissions in a value: itself, or those in its listings; if there is none, the reason."""
    if isinstance(value, list) and depth:
        for part in value:
            yield from submissions(part, depth - 1)
    elif not isinstance(value, dict):
        yield value if isinstance(value, BadRecord) else BadRecord("not a JSON object")
    elif "kind" in value and isinstance(value.get("data"), dict):
        yield from _thing(str(value["kind"]), value["data"], depth)
    elif any(field in value for field in _POST_FIELDS):
        yield value
    else:
        yield from _wrapped(value, depth)


def _thing(kind: str, data: dict[str, Any], depth: int) -> Iterator[dict[str, Any] | BadRecord | NotAPost]:
    if kind == "t3":
        yield data
    elif kind == "Listing" and isinstance(data.get("children"), list) and depth:
        yield from submissions(data["children"], depth - 1)
    elif kind in _KINDS:
        yield NotAPost(f"{_KINDS[kind]}, not a submission")
    else:
        yield BadRecord(f"a thing of kind {kind[:20]}, not a submission")


def _wrapped(value: dict[str, Any], depth: int) -> Iterator[dict[str, Any] | BadRecord | NotAPost]:
    """Yield the submissions under the keys of an object that is not a post itself."""
    inside = [part for part in value.values() if depth and _may_hold_posts(part)]
    for part in inside:
        yield from submissions(part, depth - 1)
    if inside:
        return
    if any(part == [] for part in value.values()):
        yield NotAPost("a response without any post in it")
    elif message := next((value[name] for name in _ERROR_FIELDS if value.get(name)), None):
        yield BadRecord(f"an error message, not a submission: {str(message)[:100]}")
    else:
        yield BadRecord("not a submission: it has neither id nor title")


def _may_hold_posts(part: Any) -> bool:
    if isinstance(part, list):
        return any(isinstance(each, dict) for each in part)
    return isinstance(part, dict) and (
        any(field in part for field in _POST_FIELDS) or any(map(_may_hold_posts, part.values()))
    )
