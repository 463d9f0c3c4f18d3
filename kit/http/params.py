"""Read and check the parameters of a query."""

import unicodedata

from flask import request
from werkzeug.exceptions import BadRequest

from kit.http.collections import DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE, Page

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


def allow_only(*known: str) -> None:
    """Raise BadRequest for parameters that are not `known`, or given twice."""
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
    """Read `page` and `max_results`. Raises BadRequest."""
    return Page(_number("page", 1, None), _number("max_results", DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE))


def plain_text(name: str, text: str, longest: int) -> str:
    """Return the text of parameter `name`. Raises BadRequest if it is too long or has control characters."""
    if len(text) > longest:
        raise BadRequest(f"{name} is longer than {longest} characters.")
    if any(unicodedata.category(char) == "Cc" for char in text):
        raise BadRequest(f"{name} has control characters in it.")
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
