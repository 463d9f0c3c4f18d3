"""Lenient parsing of JSON: what a person would read as a value is accepted although it breaks a rule."""

import codecs
import json
import re
from typing import Any

from workshop.load.problems import BadRecord

NOT_UTF8 = "not UTF-8"
SEPARATORS = " \t\r\n,\ufeff\x1e"
"""What may be between values, including the marks of concatenated files and those of RFC 7464."""

DECODER = json.JSONDecoder(strict=False)
"""Accepts line breaks and tabs inside a text."""

WRAPPING = {"data", "children", "posts", "submissions", "results", "items", "hits", "records", "documents"}
"""Keys under which programs put a list of posts."""

_SEPARATORS = re.compile(f"[{SEPARATORS}]*")
_HEAD = 64 * 1024
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"|[{}\[\]]', re.DOTALL)
_NEXT_OBJECT = re.compile(r'\}\s*,?\s*(?=\{\s*")')
_FIRST_KEY = re.compile(r'\{\s*("[^"\\\n]{1,100}"\s*:)')
_NEXT_ANYTHING = re.compile(r"[\n{\[]")
_MAY_FOLLOW = re.compile(rf"[{SEPARATORS}\]}}]*[{{\"]")
_MAY_END = re.compile(rf"[{SEPARATORS}\]}}]*$")
_LENIENT = re.compile(
    r"""
      (?P<text>"(?:[^"\\]|\\.)*")
    | (?P<comma>,(?=\s*[}\]]))
    | \b(?:new\s+)?(?:ObjectId|ISODate|Date|NumberLong|NumberInt|NumberDecimal)
      \(\s*(?P<inner>"[^"]*"|-?[\d.]*)\s*\)
    | \b(?P<nothing>undefined|None)\b
    | \b(?P<truth>True|False)\b
    """,
    re.VERBOSE | re.DOTALL,
)


def parse(line: bytes) -> Any:
    """Return the value of a line, a list where it contains several. Raises what `json` raises, or
    BadRecord.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise BadRecord(NOT_UTF8) from None
    try:
        return DECODER.decode(text)
    except json.JSONDecodeError as problem:
        for more_liberal in (_parse_several, parse_lenient):
            try:
                return more_liberal(text)
            except json.JSONDecodeError:
                pass
        raise problem


def parse_lenient(text: str) -> Any:
    """Return the value of text with commas before a closing bracket, or in the notation of MongoDB's shell or
    Python.

    Raises what `json` raises if it is still not JSON.
    """
    return DECODER.decode(_LENIENT.sub(_strict, text.strip(SEPARATORS)))


def reason(problem: Exception, start: int = 0) -> str:
    """Return what is wrong with a record that begins at `start`, for which `problem` was raised."""
    if isinstance(problem, BadRecord):
        return str(problem)
    if isinstance(problem, json.JSONDecodeError):
        return f"not JSON: {problem.msg} at character {problem.pos - start + 1}"
    if isinstance(problem, RecursionError):
        return "not JSON: nested too deeply"
    return "not JSON: a number with too many digits"


def strip_bom(line: bytes) -> bytes:
    """Return the line without spaces around it and without the byte order mark that a file may begin with."""
    return line.strip().removeprefix(codecs.BOM_UTF8).strip()


def find_wrapped_list(text: str, start: int = 0) -> tuple[int, int] | None:
    """Return where the list begins in an object that only wraps one, and how many objects are open there."""
    key = ""
    wraps: list[bool] = []
    for token in _TOKEN.finditer(text, start, start + _HEAD):
        if token[0] == "{":
            wraps.append(not wraps or key in WRAPPING)
        elif token[0] == "}":
            wraps.pop()
        elif token[0] == "[" and key in WRAPPING and all(wraps):
            return token.start(), len(wraps)
        elif token[0] not in "[]":
            key = token[1]
        if not wraps:
            return None
    return None


def find_end_of_broken(
    text: str, start: int, before: str, *, is_whole: bool = True, is_last: bool = False
) -> int | None:
    """Return where the invalid value that begins at `start` ends, None when the text does not contain its
    end.

    `before` is what separates it from the previous value. If each value begins a line, it ends where the next
    such line begins, otherwise where an object with the same first key begins; brackets may end it earlier.
    `is_whole` says that the text still contains the beginning of the value, `is_last` that it contains the
    end of the file.
    """
    if is_whole and text[start] != "{":
        found = _NEXT_ANYTHING.search(text, start + 1)
        return found.start() if found else None
    following = _next_line(text, start, before) if "\n" in before else _next_like(text, start)
    closed = _closed(text, start, is_last) if is_whole else None
    if closed is None or (following is not None and following < closed):
        return following
    return closed


def _next_line(text: str, start: int, before: str) -> int | None:
    indent = before.rpartition("\n")[2]
    spaces = indent[: len(indent) - len(indent.lstrip(" \t"))]
    found = re.compile(f"\n{spaces}[\\[,]? ?(?={{)").search(text, start)
    return found.start() if found else None


def _next_like(text: str, start: int) -> int | None:
    key = _FIRST_KEY.match(text, start)
    pattern = re.compile(rf"[}},]\s*(?=\{{\s*{re.escape(key[1])})") if key else _NEXT_OBJECT
    found = pattern.search(text, start)
    return found.end() if found else None


def _closed(text: str, start: int, is_last: bool) -> int | None:
    """Return the position after the bracket that closes the value, if the text there may follow a value."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token[0] in "{[":
            depth += 1
        elif token[0] in "}]":
            depth -= 1
            if depth == 0:
                end = token.end()
                may_end = _MAY_FOLLOW.match(text, end) or (is_last and _MAY_END.match(text, end))
                return end if may_end else None
    return None


def _parse_several(text: str) -> Any:
    """Parse one or more values with nothing but separators around them."""
    values = []
    position = _after_separators(text, 0)
    while position < len(text):
        value, position = DECODER.raw_decode(text, position)
        values.append(value)
        position = _after_separators(text, position)
    return values[0] if len(values) == 1 else values


def _after_separators(text: str, position: int) -> int:
    found = _SEPARATORS.match(text, position)
    return found.end() if found else position


def _strict(found: re.Match[str]) -> str:
    if found["text"] is not None:
        return found["text"]
    if found["comma"] is not None:
        return ""
    if found["nothing"] is not None:
        return "null"
    if found["truth"] is not None:
        return found["truth"].lower()
    return found["inner"] or "null"
