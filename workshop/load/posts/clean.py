"""Turns values as sources really write them into the ones a post holds.

Each function takes whatever JSON or XML gave, returns a clean value or raises BadRecord naming the field.
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
_UNSOUND = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
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
_OF_MARKDOWN = re.compile(r"&(?!lt;|gt;)(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_OF_SPACE = re.compile(
    r"&(?:#x?(?:0*(?:200b|8203|feff|65279|2060|8288|a0|160))|nbsp|ZeroWidthSpace);", re.IGNORECASE
)


def unwrap(value: Any) -> Any:
    """The value inside MongoDB's extended JSON: `{"$numberLong": "5"}` gives `"5"`, anything else itself.

    Format: https://www.mongodb.com/docs/manual/reference/mongodb-extended-json/
    """
    while isinstance(value, dict) and len(value) == 1:
        (key,) = value
        if key not in _WRAPPERS:
            break
        value = value[key]
    return value


def text(value: Any, field: str, limit: int) -> str:
    """Text of at most `limit` characters that MongoDB can hold; None gives "", a number its digits.

    Line ends become `\n`, other control characters and those without width go, except such as join others;
    halves of surrogate pairs become U+FFFD.
    """
    return _cut(_sound(value, field), limit)


def line(value: Any, field: str, limit: int) -> str:
    """Like text, on one line with single spaces."""
    return _cut(" ".join(_sound(value, field).split()), limit)


def _sound(value: Any, field: str) -> str:
    if not isinstance(value, str):
        value = unwrap(value)
        if _is_nothing(value):
            return ""
        if not isinstance(value, int | float | str):
            raise BadRecord(f"{field} is not text")
        value = str(value)
    if _UNSOUND.search(value):
        value = _CONTROLS.sub("", value.replace("\r\n", "\n").replace("\r", "\n"))
        value = _SURROGATES.sub("\ufffd", value)
    if not value.isascii() and _INVISIBLE.search(value):
        value = _INVISIBLE.sub("", _EMPTY_LINES.sub("\n\n", value))
    return str(value)


def _is_nothing(value: Any) -> bool:
    """None, or NaN, which is how tables write None."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def _cut(value: str, limit: int) -> str:
    value = value.strip()
    return value if len(value) <= limit else value[: limit - 1].rstrip() + "…"


def without_entities(value: Any) -> Any:
    """Undoes the three entities Reddit's API writes unless asked for `raw_json`. Only text is touched."""
    if isinstance(value, str) and "&" in value:
        for entity, character in _ENTITIES:
            value = value.replace(entity, character)
    return value


def without_markdown_entities(value: Any) -> Any:
    """Undoes entities that authors and Reddit's editor write in Markdown, such as `&#x200B;` and `&nbsp;`.

    `&lt;` and `&gt;` stay: who writes those mostly writes about them, in code.
    """
    if isinstance(value, str) and "&" in value:
        return _OF_MARKDOWN.sub(lambda found: html.unescape(found[0]), value).replace("\xa0", " ")
    return value


def without_space_entities(value: Any) -> Any:
    """Makes spaces of the entities for those that have or have no width, which nobody writes about."""
    if isinstance(value, str) and "&" in value:
        return _OF_SPACE.sub(lambda found: html.unescape(found[0]), value)
    return value


def integer(value: Any, field: str, low: int = INT64_MIN, high: int = INT64_MAX) -> int | None:
    """A whole number, moved into `low` to `high`; None when there is none."""
    if type(value) is int:
        return min(max(value, low), high)
    value = unwrap(value)
    if _is_nothing(value) or value == "":
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
    """True or False from either, their names in any case, 1 and 0; nothing at all is False."""
    if isinstance(value, bool):
        return value
    value = unwrap(value)
    name = "" if _is_nothing(value) else str(value).strip().lower().removesuffix(".0")
    if name in _TRUE:
        return True
    if name in _FALSE:
        return False
    raise BadRecord(f"{field} is neither true nor false")


def moment(value: Any, field: str) -> datetime:
    """A point in time in UTC, cut to milliseconds as MongoDB keeps it.

    Takes seconds since 1970 as a number or text, ISO 8601 text (UTC when it names no zone) and extended
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
    """An http or https address with a host, else "": where it has none, Reddit writes `self` or `default`.

    A path such as `/r/Python/…` is put behind `base` where one is given, and spaces and the like are encoded.
    What is longer than `limit` counts as none, since an address cut short leads elsewhere.
    """
    if not isinstance(value, str):
        return ""
    value = value.strip()
    if base and value.startswith("/") and not value.startswith("//"):
        value = base + value
    if host := _HOST.match(value):
        value = host[0] + _UNQUOTED.sub(lambda found: quote(found[0]), value[host.end() :])
    if len(value) > limit or not _WEB_URL.fullmatch(value) or _UNSOUND.search(value):
        return ""
    return value if _PLAIN_HOST.match(value) or _has_host(value) else ""


def _has_host(value: str) -> bool:
    try:
        return bool(urlsplit(value).hostname)
    except ValueError:
        return False
