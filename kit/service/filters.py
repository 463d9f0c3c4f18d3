"""The parameters of a collection: `where`, `sort` and `projection`, read by our own rules.

`where` is a JSON object: fields with values or comparisons, and `$and` or `$or` of such objects. Nothing else
reaches MongoDB. Each function raises BadRequest for what it does not know.
"""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from werkzeug.exceptions import BadRequest

from kit.mongo.client import Document

COMPARISONS = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte"})
LISTS = frozenset({"$in", "$nin"})
JOINTS = frozenset({"$and", "$or"})
EVES_OWN = {"_created": {"type": "datetime"}, "_updated": {"type": "datetime"}}
"""The rules of fields that Eve adds and no schema names."""

TEXT, NUMBER, SWITCH = "text", "a number", "true or false"
KINDS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    "string": (TEXT, (str,)),
    **dict.fromkeys(("integer", "float", "number"), (NUMBER, (int, float))),
    "boolean": (SWITCH, (bool,)),
}
"""The name for people and the JSON types of the values of each type in a schema."""

DEEPEST = 4
LONGEST = 100

Schema = Mapping[str, Mapping[str, Any]]


def where(text: str | None, allowed: Collection[str], schema: Schema) -> Document:
    """Read the filter; times and ids of MongoDB's own, which are text in JSON, become such by `schema`.

    `allowed` are the fields it may name, each with values of its own type or null.
    """
    if text is None:
        return {}
    try:
        given = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise BadRequest('where must be a JSON object like {"score": {"$gt": 50}}.') from None
    return _condition(given, allowed, schema, 0)


def sort(text: str | None, allowed: Collection[str]) -> list[tuple[str, int]]:
    """Read the order: field names with commas between them, a minus before descending ones. Equal values are
    sorted by `_id`, unless that is named itself.
    """
    if text is None:
        return []
    order: dict[str, int] = {}
    for each in text.split(","):
        field = each.strip().removeprefix("-")
        if field not in allowed or field in order:
            raise BadRequest(f"sort takes each of these fields once, or -field: {_names(allowed)}.")
        order[field] = -1 if each.strip().startswith("-") else 1
    order.setdefault("_id", 1)
    return list(order.items())


def projection(text: str | None, shown: Mapping[str, Any]) -> dict[str, Any]:
    """Read the fields to show, of those that are `shown` anyway.

    `{"title": 1}`, or `{"text": 0}` for all but.
    """
    if text is None:
        return dict(shown)
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or not given or not all(_is_switch(value) for value in given.values()):
        raise BadRequest('projection must be a JSON object like {"title": 1} or {"text": 0}.')
    if set(given) - set(shown):
        raise BadRequest(f"projection may name: {_names(shown)}.")
    including = [field for field, value in given.items() if value]
    if including and len(including) < len(given):
        raise BadRequest("projection either includes or leaves out; it cannot do both.")
    chosen = including or [field for field in shown if field not in given]
    kept = {field: shown[field] for field in chosen}
    return {**kept, **{field: value for field, value in shown.items() if field.startswith("_")}}


def _condition(given: Any, allowed: Collection[str], schema: Schema, depth: int) -> Document:
    if not isinstance(given, dict):
        raise BadRequest('where must be a JSON object like {"score": {"$gt": 50}}.')
    if depth > DEEPEST or len(given) > LONGEST:
        raise BadRequest("where is too deep or too long.")
    made: Document = {}
    for name, value in given.items():
        if name in JOINTS:
            if not isinstance(value, list) or not 0 < len(value) <= LONGEST:
                raise BadRequest(f"{name} in where takes a list of 1 to {LONGEST} conditions.")
            made[name] = [_condition(each, allowed, schema, depth + 1) for each in value]
        elif name in allowed:
            made[name] = _comparison(name, value, schema.get(name) or EVES_OWN.get(name, {}))
        else:
            raise BadRequest(f"where may name: {_names(allowed)}, $and, $or.")
    return made


def _comparison(field: str, given: Any, rules: Mapping[str, Any]) -> Any:
    if not isinstance(given, dict):
        return {"$eq": _value(field, given, rules)}
    if not given:
        raise BadRequest(f"where compares {field} with nothing.")
    made: Document = {}
    for operator, value in given.items():
        if operator in COMPARISONS:
            made[operator] = _value(field, value, rules)
        elif operator in LISTS and isinstance(value, list) and len(value) <= LONGEST:
            made[operator] = [_value(field, each, rules) for each in value]
        else:
            raise BadRequest(f"where compares with {_names(COMPARISONS)}, and with lists by $in and $nin.")
    return made


def _value(field: str, given: Any, rules: Mapping[str, Any]) -> Any:
    if isinstance(given, dict | list):
        raise BadRequest(f"where compares {field} with a text, a number, true, false or null.")
    if isinstance(given, str) and not _is_unicode(given):
        raise BadRequest("where holds text that is not valid Unicode.")
    if isinstance(given, int) and abs(given) >= 2**63:
        raise BadRequest("where holds a number that is too large.")
    if given is None:
        return None
    if rules.get("type") == "list":
        rules = rules.get("schema", {})
    kind = str(rules.get("type"))
    if kind in CONVERTED:
        return CONVERTED[kind](field, given)
    if kind in KINDS:
        _require_kind(field, given, *KINDS[kind])
    return given


def _require_kind(field: str, given: Any, called: str, types: tuple[type, ...]) -> None:
    """Refuse a value of a type that the field never has: to find nothing would look like a result."""
    # To Python true and false are numbers.
    if not isinstance(given, types) or (isinstance(given, bool) and bool not in types):
        other = SWITCH if isinstance(given, bool) else TEXT if isinstance(given, str) else NUMBER
        raise BadRequest(f"where compares {field} with {called}, not with {other}.")


def _time(field: str, given: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise BadRequest(f"where compares {field} with times like 2024-01-31T12:00:00Z.") from None


def _object_id(field: str, given: Any) -> ObjectId:
    try:
        return ObjectId(str(given))
    except InvalidId:
        raise BadRequest(f"where compares {field} with ids of 24 hexadecimal digits.") from None


CONVERTED = {"datetime": _time, "objectid": _object_id}
"""Types that JSON lacks, and how they are parsed from text."""


def _is_switch(value: Any) -> bool:
    return value in (0, 1) and not isinstance(value, float)


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _names(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
