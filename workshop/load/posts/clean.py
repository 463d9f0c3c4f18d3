"""Converts values of real sources into the values of a post.

Each function takes any JSON or XML value, and returns a clean value or raises BadRecord with the name of the
field.
"""

import html
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from workshop.load.problems import BadRecord

INT64_MAX = 2**63 - 1
INT64_MIN = -(2**63)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_EMPTY_LINES = re.compile("\n\\s*[\u00ad\u200b\u2060\ufeff][\\s\u00ad\u200b\u2060\ufeff]*\n")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_WEB_URL = re.compile(r"https?://[^\s/?#<>\"\\]+([/?#][^\s<>\"\\]*)?", re.IGNORECASE)
_HOST = re.compile(r"https?://[^\s/?#<>\"\\]+(?=[/?#])", re.IGNORECASE)
_UNQUOTED = re.compile(r"[\s<>\"\\]")
_PLAIN_HOST = re.compile(r"https?://[a-z0-9._-]+(:[0-9]{0,5})?([/?#]|$)", re.IGNORECASE)
_TRUE = {"true", "1", "yes"}
_FALSE = {"false", "0", "no", ""}
_WRAPPERS = {"$numberLong", "$numberInt", "$numberDouble", "$date", "$oid"}
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_MARKDOWN_ENTITIES = re.compile(
    r"&(?!lt;|gt;)(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"
)
_SPACE_ENTITIES = re.compile(
    r"&(?:#x?(?:0*(?:200b|8203|feff|65279|2060|8288|a0|160))|nbsp|ZeroWidthSpace);", re.IGNORECASE
)


def unwrap(value: Any) -> Any:
    """Return the value inside MongoDB's extended JSON: `{"$numberLong": "5"}` gives `"5"`, anything else
    itself.

    Format: https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/
    """
    while isinstance(value, dict) and len(value) == 1:
        (key,) = value
        if key not in _WRAPPERS:
            break
        value = value[key]
    return value


def text(value: Any, field: str, limit: int) -> str:
    r"""Return text of at most `limit` characters that MongoDB can store. None gives "", a number its digits.

    Line ends become `\n`. Other control characters and those without width are removed, except those that
    join others; halves of surrogate pairs become U+FFFD.
    """
    return _cut(_storable(value, field), limit)


def line(value: Any, field: str, limit: int) -> str:
    """Return text like `text`, but on one line with single spaces."""
    return _cut(" ".join(_storable(value, field).split()), limit)


def _storable(value: Any, field: str) -> str:
    if not isinstance(value, str):
        value = unwrap(value)
        if _is_missing(value):
            return ""
        if not isinstance(value, int | float | str):
            raise BadRecord(f"{field} is not text")
        value = str(value)
    if _UNSTORABLE.search(value):
        value = _CONTROLS.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
        value = _SURROGATES.sub("\ufffd", value)
    if not value.isascii() and _INVISIBLE.search(value):
        value = _INVISIBLE.sub("", _EMPTY_LINES.sub("\n\n", value))
    return str(value)


def _is_missing(value: Any) -> bool:
    """Return whether it is None, or NaN, which tables write for None."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _cut(value: str, limit: int) -> str:
    value = value.strip()
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def without_entities(value: Any) -> Any:
    """Replace the three entities that Reddit's API writes unless `raw_json` is requested. Only text is
    changed.
    """
    if isinstance(value, str) and "&" in value:
        for entity, character in _ENTITIES:
            value = value.replace(entity, character)
    return value


def without_markdown_entities(value: Any) -> Any:
    """Replace entities that authors and Reddit's editor write in Markdown, such as `&#x200B;` and `&nbsp;`.

    `&lt;` and `&gt;` stay, as most authors who write them write about them, in code.
    """
    if isinstance(value, str) and "&" in value:
        return _MARKDOWN_ENTITIES.sub(lambda found: html.unescape(found[0]), value).replace("\xa0", " ")
    return value


def without_space_entities(value: Any) -> Any:
    """Replace the entities of spaces with and without width. Nobody writes about those."""
    if isinstance(value, str) and "&" in value:
        return _SPACE_ENTITIES.sub(lambda found: html.unescape(found[0]), value)
    return value


def integer(value: Any, field: str, low: int = INT64_MIN, high: int = INT64_MAX) -> int | None:
    """Return a whole number, limited to the range from `low` to `high`; None when there is none."""
    if type(value) is int:
        return min(max(value, low), high)
    value = unwrap(value)
    if _is_missing(value) or value == "":
        return None
    try:
        if isinstance(value, str) and len(value) > 40:
            raise ValueError
        number = int(value) if isinstance(value, int) else _whole(value)
    except (TypeError, ValueError, OverflowError):
        raise BadRecord(f"{field} is not a number") from None
    return min(max(number, low), high)


def _whole(value: Any) -> int:
    try:
        return int(value) if isinstance(value, str) else int(float(value))
    except ValueError:
        return int(float(value))


def boolean(value: Any, field: str) -> bool:
    """Return True or False. Their names in any case and the numbers 1 and 0 are accepted, too.

    A missing value is False.
    """
    if isinstance(value, bool):
        return value
    value = unwrap(value)
    name = "" if _is_missing(value) else str(value).strip().lower().removesuffix(".0")
    if name in _TRUE:
        return True
    if name in _FALSE:
        return False
    raise BadRecord(f"{field} is neither true nor false")


def moment(value: Any, field: str) -> datetime:
    """Return a point in time in UTC, cut to milliseconds as MongoDB stores it.

    Accepts seconds since 1970 as a number or text, ISO 8601 text (UTC when it names no zone), and extended
    JSON's `$date`, which counts milliseconds when it is a number.
    """
    milliseconds = isinstance(value, dict) and "$date" in value and not isinstance(value["$date"], str)
    value = unwrap(value)
    if value is None or value == "":
        raise BadRecord(f"{field} is missing")
    seconds = _seconds(value, field) / (1000 if milliseconds else 1)
    if not 0 < seconds < _LAST_SECOND:
        raise BadRecord(f"{field} is not a date between 1970 and 2100")
    return _EPOCH + timedelta(milliseconds=round(seconds * 1_000_000) // 1000)


def _seconds(value: Any, field: str) -> float:
    if isinstance(value, bool):
        raise BadRecord(f"{field} is not a date")
    try:
        seconds = float(value)
    except OverflowError:
        raise BadRecord(f"{field} is not a date between 1970 and 2100") from None
    except (TypeError, ValueError):
        return _from_iso(value, field)
    if math.isnan(seconds):
        raise BadRecord(f"{field} is not a date")
    return seconds


def _from_iso(value: Any, field: str) -> float:
    try:
        when = datetime.fromisoformat(value)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, OverflowError):
        raise BadRecord(f"{field} is not a date") from None


def web_url(value: Any, base: str = "", limit: int = 2000) -> str:
    """Return an http or https address with a host, else "". Where it has none, Reddit writes `self` or
    `default`.

    A path such as `/r/Python/…` is appended to `base` if there is one; spaces and the like are encoded. An
    address longer than `limit` gives "", since a truncated one leads elsewhere.
    """
    if not isinstance(value, str):
        return ""
    value = value.strip()
    if base and value.startswith("/") and not value.startswith("//"):
        value = base + value
    if host := _HOST.match(value):
        value = host[0] + _UNQUOTED.sub(lambda found: quote(found[0]), value[host.end() :])
    if len(value) > limit or not _WEB_URL.fullmatch(value) or _UNSTORABLE.search(value):
        return ""
    return value if _PLAIN_HOST.match(value) or _has_host(value) else ""


def _has_host(value: str) -> bool:
    try:
        return bool(urlsplit(value).hostname)
    except ValueError:
        return False
