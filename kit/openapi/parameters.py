"""Describe the parameters of operations: in addresses, queries and headers."""

from collections.abc import Iterable, Mapping
from typing import Any

from kit.openapi.names import shown_name
from kit.openapi.responses import Json

IF_NONE_MATCH: Json = {
    "name": "If-None-Match",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The ETag of an earlier response.",
}


def path(schemas: Mapping[str, Mapping[str, Any]]) -> list[Json]:
    """Describe parameters in the address."""
    return [
        {"name": shown_name(name), "in": "path", "required": True, "schema": dict(schema)}
        for name, schema in schemas.items()
    ]


def query(schemas: Mapping[str, Mapping[str, Any]], required: Iterable[str] = ()) -> list[Json]:
    """Describe parameters of the query, by name."""
    needed = set(required)
    return [
        {
            "name": name,
            "in": "query",
            **({"required": True} if name in needed else {}),
            "schema": dict(schema),
        }
        for name, schema in schemas.items()
    ]


def if_match(*, required: bool) -> Json:
    """Describe the header that a change must have."""
    description = "The ETag of the document as it was when you read it."
    made: Json = {
        "name": "If-Match",
        "in": "header",
        "schema": {"type": "string"},
        "description": description,
    }
    return {**made, "required": True} if required else made


def of_collection(resource: Mapping[str, Any], config: Mapping[str, Any]) -> list[Json]:
    """Describe the parameters for GET of a collection: its own, Eve's filters, and paging."""
    own = resource.get("kit", {})
    known = _filters(resource)
    if resource["pagination"]:
        limits = {"maximum": config["PAGINATION_LIMIT"], "default": config["PAGINATION_DEFAULT"]}
        known["page"] = {"type": "integer", "minimum": 1, "default": 1}
        known["max_results"] = {"type": "integer", "minimum": 1, **limits}
    return query({**known, **own.get("query", {})}, own.get("required", ()))


def of_item(resource: Mapping[str, Any], config: Mapping[str, Any]) -> list[Json]:
    """Describe the parameters for GET of one document."""
    return [*query(_projection(resource)), *([IF_NONE_MATCH] if config["IF_MATCH"] else [])]


def _filters(resource: Mapping[str, Any]) -> dict[str, Json]:
    allowed = resource["allowed_filters"]
    fields = "any field" if "*" in allowed else ", ".join(allowed) or "no field"
    example = next((field for field in allowed if field != "*"), "_id")
    made: dict[str, Json] = {}
    if allowed:
        description = f'A JSON object of conditions such as {{"{example}": {{"$ne": null}}}}, on {fields}.'
        made["where"] = {"type": "string", "contentMediaType": "application/json", "description": description}
    if resource["sorting"]:
        description = f"Fields with commas between, a minus in front of those that go down: {fields}."
        made["sort"] = {"type": "string", "description": description}
    return {**made, **_projection(resource)}


def _projection(resource: Mapping[str, Any]) -> dict[str, Json]:
    if not resource["projection"]:
        return {}
    description = "The fields to show, or those to leave out: a JSON object with 1, or 0, for each."
    return {
        "projection": {"type": "string", "contentMediaType": "application/json", "description": description}
    }
