"""The schemas of an Eve resource: for documents in responses, in requests, and in responses to writes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kit.openapi.names import camel_case, capitalised, free_name
from kit.openapi.responses import Json, ref
from kit.openapi.schema import document_schema, field_schema

TIME = {"type": "datetime"}
TEXT = {"type": "string"}


@dataclass(frozen=True)
class Documents:
    """References to the schemas of a resource; `one` is the name of its documents, such as Post.

    A verb's schema may refer to them, too: Post is a document, PostsPage a page of the collection.
    """

    one: str
    shown: Json
    page: Json
    added: Json
    replaced: Json
    changed: Json
    written: Json


def add_documents(
    name: str, resource: Mapping[str, Any], config: Mapping[str, Any], schemas: Json
) -> Documents:
    """Add the schemas of the resource `name` to `schemas`, under names that are free."""
    one = capitalised(camel_case(resource["item_title"]))
    methods = set(resource["resource_methods"])
    is_listed = "GET" in methods
    methods |= set(resource["item_methods"]) if resource["item_lookup"] else set()

    def add(preferred: str, schema: Json, *wanted_by: str) -> Json:
        if not methods & set(wanted_by):
            return {}
        used = free_name(preferred, schemas)
        schemas[used] = schema
        return ref(used)

    shown = add(one, _shown(resource, config), "GET")
    page = {"allOf": [ref("EveCollection"), {"properties": {"_items": {"items": shown}}}]}
    written = _written(resource, config)
    added = add(f"New{one}", _sent(resource, with_id=True), "POST")
    one_written = add(f"{one}Written", written, "POST", "PUT", "PATCH")
    return Documents(
        one=one,
        shown=shown,
        page=add(f"{capitalised(camel_case(name))}Page", page, "GET") if is_listed else {},
        added=_one_or_more(added, {"type": "array", "minItems": 1, "items": added}, resource),
        replaced=add(f"Whole{one}", _sent(resource, with_id=False), "PUT"),
        changed=add(f"Changed{one}", _changed(resource), "PATCH"),
        written=one_written,
    )


def written_after_post(documents: Documents, resource: Mapping[str, Any]) -> Json:
    """Describe the response to a POST.

    It is about one document, or several where the request may have several.
    """
    items = {"type": "array", "items": documents.written}
    several = {
        "type": "object",
        "required": ["_status", "_items"],
        "properties": {"_status": {"const": "OK"}, "_items": items},
    }
    return _one_or_more(documents.written, several, resource)


def _one_or_more(one: Json, several: Json, resource: Mapping[str, Any]) -> Json:
    return {"anyOf": [one, several]} if resource["bulk_enabled"] else one


def _automatic(resource: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """List the fields that Eve keeps itself, with their rules."""
    identifier = resource["id_field"]
    fields = {
        identifier: resource["schema"].get(identifier, {}),
        config["LAST_UPDATED"]: TIME,
        config["DATE_CREATED"]: TIME,
    }
    return {**fields, config["ETAG"]: TEXT} if config["IF_MATCH"] else fields


def _shown(resource: Mapping[str, Any], config: Mapping[str, Any]) -> Json:
    projection = resource["datasource"]["projection"]
    roots = {field.split(".")[0] for field, value in projection.items() if value}
    fields = {name: rules for name, rules in resource["schema"].items() if not projection or name in roots}
    automatic = _automatic(resource, config)
    made = document_schema({**fields, **automatic}, "response")
    made["properties"].update(resource.get("kit", {}).get("added", {}))
    return {**made, "required": list(automatic)}


def _sent(resource: Mapping[str, Any], *, with_id: bool) -> Json:
    return document_schema(_writable(resource, with_id), "add", unknown=bool(resource["allow_unknown"]))


def _changed(resource: Mapping[str, Any]) -> Json:
    unknown = bool(resource["allow_unknown"])
    return document_schema(_writable(resource, with_id=False), "change", unknown=unknown)


def _writable(resource: Mapping[str, Any], with_id: bool) -> dict[str, Any]:
    """List the fields that a client sends.

    The id is among them unless it is an ObjectId, which MongoDB makes. The owner is not, as the token names
    it.
    """
    identifier, owner = resource["id_field"], resource["auth_field"]
    made_by_us = resource["schema"].get(identifier, {}).get("type") == "objectid"
    left_out = {owner} | (set() if with_id and not made_by_us else {identifier})
    return {name: rules for name, rules in resource["schema"].items() if name not in left_out}


def _written(resource: Mapping[str, Any], config: Mapping[str, Any]) -> Json:
    automatic = _automatic(resource, config)
    extra = {name: resource["schema"].get(name, {}) for name in resource["extra_response_fields"]}
    made = document_schema({**extra, **automatic}, "response")
    made["properties"][config["STATUS"]] = {"const": config["STATUS_OK"]}
    return {**made, "required": [*automatic, config["STATUS"]]}


def variable_schema(resource: Mapping[str, Any], name: str, otherwise: Json) -> Json:
    """Return the schema of a variable in a resource's address, from the field of the same name."""
    rules = resource["schema"].get(name)
    if not isinstance(rules, Mapping):
        return otherwise
    return field_schema({key: rules[key] for key in ("type", "regex", "allowed") if key in rules}, "response")
