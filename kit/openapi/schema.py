"""Convert Cerberus's rules to JSON Schema (2020-12).

Rules: https://docs.python-cerberus.org/validation-rules.html, and Eve's `objectid` and `unique` besides.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from kit.openapi.responses import Json

Purpose = Literal["add", "change", "response"]
"""The use of a schema: a whole document from a client, some of its fields, or a document that a client gets.
"""

Rules = Mapping[str, Any]

TYPES: Mapping[str, Json] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "float": {"type": "number"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "datetime": {"type": "string", "format": "date-time", "examples": ["2024-01-02T03:04:05Z"]},
    "dict": {"type": "object"},
    "list": {"type": "array"},
    "objectid": {"type": "string", "pattern": "^[a-f0-9]{24}$"},
}
LENGTHS = {
    "string": ("minLength", "maxLength"),
    "list": ("minItems", "maxItems"),
    "dict": ("minProperties", "maxProperties"),
}
NUMBERS = ("integer", "float", "number")


def document_schema(fields: Mapping[str, Any], purpose: Purpose, *, unknown: bool = False) -> Json:
    """Return the schema of a document. With `unknown` a client may send fields that are not named."""
    is_request = purpose != "response"
    named = {name: rules for name, rules in fields.items() if isinstance(rules, Mapping)}
    kept = {name: rules for name, rules in named.items() if not (is_request and rules.get("readonly"))}
    made: Json = {
        "type": "object",
        "properties": {name: field_schema(rules, purpose) for name, rules in kept.items()},
    }
    if needed := [name for name, rules in kept.items() if purpose == "add" and _is_needed(rules)]:
        made["required"] = needed
    if is_request and not unknown:
        made["additionalProperties"] = False
    return made


def field_schema(rules: Rules, purpose: Purpose) -> Json:
    """Return the schema of one field. A type that is not known here allows any value."""
    given = rules.get("type", ())
    names = [given] if isinstance(given, str) else list(given)
    shapes = [_shape(name, rules, purpose) for name in names]
    nullable = bool(rules.get("nullable"))
    if nullable and shapes:
        shapes.append({"type": "null"})
    made = _any_of(shapes)
    if "allowed" in rules and "list" not in names:
        made["enum"] = [*rules["allowed"], *([None] if nullable and None not in rules["allowed"] else [])]
    if purpose == "add" and "default" in rules:
        made["default"] = _json(rules["default"])
    if rules.get("unique"):
        made["description"] = "No two documents have the same."
    return made


def anchored(pattern: str) -> str:
    """Return the pattern for JSON Schema, where it needs anchors to match a whole value and not a part."""
    if "|" not in pattern and not pattern.endswith(r"\$"):
        return f"^{pattern.removeprefix('^').removesuffix('$')}$"
    return f"^(?:{pattern})$"


def _is_needed(rules: Rules) -> bool:
    return bool(rules.get("required")) and "default" not in rules and "default_setter" not in rules


def _shape(name: str, rules: Rules, purpose: Purpose) -> Json:
    made = dict(TYPES.get(name, {}))
    if name in LENGTHS:
        least = max(rules.get("minlength", 0), 1 if rules.get("empty") is False else 0)
        bounds = {LENGTHS[name][0]: least or None, LENGTHS[name][1]: rules.get("maxlength")}
        made.update({bound: value for bound, value in bounds.items() if value is not None})
    if name in NUMBERS:
        bounds = {"minimum": rules.get("min"), "maximum": rules.get("max")}
        made.update({bound: value for bound, value in bounds.items() if value is not None})
    if name == "string" and "regex" in rules:
        made["pattern"] = anchored(rules["regex"])
    inner = rules.get("schema")
    if name == "list":
        items = field_schema(inner, purpose) if isinstance(inner, Mapping) else {}
        if "allowed" in rules:
            items["enum"] = list(rules["allowed"])
        made.update({"items": items} if items else {})
    if name == "dict" and isinstance(inner, Mapping):
        made.update(document_schema(inner, purpose, unknown=bool(rules.get("allow_unknown"))))
    return made


def _any_of(shapes: list[Json]) -> Json:
    """Return one schema for values of any of these.

    It is a list of types if all have different types.
    """
    types = [shape.get("type") for shape in shapes]
    if len(shapes) < 2:
        return shapes[0] if shapes else {}
    if None in types or len(set(types)) < len(types):
        return {"anyOf": shapes}
    merged = {key: value for shape in shapes for key, value in shape.items()}
    return {**merged, "type": types}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return value if value is None or isinstance(value, str | int | float | list | dict) else str(value)
