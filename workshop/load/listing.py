"""Finds the submissions in what Reddit's API gives: things, listings of things and pages of listings.

Format: https://www.reddit.com/dev/api/ ("listings") and https://github.com/reddit-archive/reddit/wiki/JSON
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
_DEPTH = 3


def is_bare(value: Any) -> bool:
    """Whether a value is the record of one submission, as all lines of most files are."""
    return isinstance(value, dict) and "kind" not in value


def submissions(value: Any, depth: int = _DEPTH) -> Iterator[dict[str, Any] | BadRecord | NotAPost]:
    """The submissions in a value: itself, or what its listings hold; where there is none, the reason."""
    if isinstance(value, list) and depth:
        for part in value:
            yield from submissions(part, depth - 1)
    elif not isinstance(value, dict):
        yield value if isinstance(value, BadRecord) else BadRecord("not a JSON object")
    elif "kind" in value and isinstance(value.get("data"), dict):
        yield from _thing(str(value["kind"]), value["data"], depth)
    else:
        yield value


def _thing(kind: str, data: dict[str, Any], depth: int) -> Iterator[dict[str, Any] | BadRecord | NotAPost]:
    if kind == "t3":
        yield data
    elif kind == "Listing" and isinstance(data.get("children"), list) and depth:
        yield from submissions(data["children"], depth - 1)
    elif kind in _KINDS:
        yield NotAPost(f"{_KINDS[kind]}, not a submission")
    else:
        yield BadRecord(f"a thing of kind {kind[:20]}, not a submission")
