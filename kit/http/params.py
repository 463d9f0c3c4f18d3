"""Query parameters: the known ones, each once, each by its rule."""

import re
import unicodedata

from flask import request
from werkzeug.exceptions import BadRequest

from kit.http.paging import Page
from kit.http.problems import Unprocessable

DEFAULT_PAGE_SIZE = 25
LARGEST_PAGE_SIZE = 50
LONGEST_QUERY = 200
LONGEST_TOPIC = 100
PAGING_SCHEMAS = {
    "page": {"type": "integer", "minimum": 1, "maximum": 999_999_999, "default": 1},
    "max_results": {
        "type": "integer",
        "minimum": 1,
        "maximum": LARGEST_PAGE_SIZE,
        "default": DEFAULT_PAGE_SIZE,
    },
}
PAGING = tuple(PAGING_SCHEMAS)
TAG = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
TAG_RULE = "1 to 30 of a-z, 0-9 and -, not starting with -"


def only(*known: str) -> None:
    """Refuse parameters that are not `known`, or given twice. Raises BadRequest."""
    unknown, twice = [], []
    for name, values in request.args.lists():
        if name not in known:
            unknown.append(name)
        elif len(values) > 1:
            twice.append(name)
    if unknown:
        allowed = f"known here: {', '.join(known)}" if known else "there are none here"
        raise BadRequest(f"Unknown parameter: {', '.join(sorted(unknown))} ({allowed}).")
    if twice:
        raise BadRequest(f"Given more than once: {', '.join(sorted(twice))}.")


def page() -> Page:
    """`page` and `max_results`. Raises BadRequest."""
    return Page(_number("page", 1, None), _number("max_results", DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE))


def query() -> str:
    """`q`, stripped. Raises BadRequest."""
    text = request.args.get("q", "").strip()
    if not text:
        raise BadRequest("Say what to search for: q is empty.")
    return _plain("q", text, LONGEST_QUERY)


def topic() -> str | None:
    """`topic`, or None. Raises BadRequest."""
    text = request.args.get("topic")
    if text == "":
        raise BadRequest("topic is empty.")
    return None if text is None else _plain("topic", text, LONGEST_TOPIC)


def tag(text: str) -> str:
    """A tag from the path. Raises Unprocessable."""
    if not TAG.fullmatch(text):
        raise Unprocessable({"tag": TAG_RULE})
    return text


def _number(name: str, default: int, largest: int | None) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    # isdecimal alone lets other alphabets' digits through; no collection has pages of more than 18 digits.
    number = int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0
    if number < 1 or (largest is not None and number > largest):
        allowed = f"from 1 to {largest}" if largest else "from 1"
        raise BadRequest(f"{name} must be a whole number {allowed}.")
    return number


def _plain(name: str, text: str, longest: int) -> str:
    if len(text) > longest:
        raise BadRequest(f"{name} is longer than {longest} characters.")
    if any(unicodedata.category(char) == "Cc" for char in text):
        raise BadRequest(f"{name} has control characters in it.")
    return text
