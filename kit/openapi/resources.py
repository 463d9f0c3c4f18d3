"""Describe the methods of Eve's resources as OpenAPI's operations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from kit.openapi import parameters
from kit.openapi.documents import Documents, add_documents, variable_schema, written_after_post
from kit.openapi.names import camel_case, capitalised, methods_of, template_of, variables_of
from kit.openapi.responses import (
    ETAG,
    EVERYWHERE,
    INVALID_LIST,
    LOCATION,
    WITH_BODY,
    Json,
    problems,
    response,
)

COLLECTION = "resource"
ITEM = "item_lookup"
ITEM_OTHERWISE = "item_additional_lookup"

NAMES = {
    (COLLECTION, "GET"): ("list{many}", "{title}"),
    (COLLECTION, "POST"): ("add{one}", "Add a new {item}"),
    (COLLECTION, "DELETE"): ("removeAll{many}", "Remove all: {title}"),
    (ITEM, "GET"): ("show{one}", "Show one {item}"),
    (ITEM, "PUT"): ("replace{one}", "Replace one {item}"),
    (ITEM, "PATCH"): ("change{one}", "Change fields of one {item}"),
    (ITEM, "DELETE"): ("remove{one}", "Remove one {item}"),
    (ITEM_OTHERWISE, "GET"): ("show{one}By{field}", "Show one {item}"),
}
BODIES = {"POST": "added", "PUT": "replaced", "PATCH": "changed"}


@dataclass(frozen=True)
class Endpoint:
    """One route of a resource: its collection, or one of its documents."""

    name: str
    kind: str
    resource: Mapping[str, Any]
    rule: Rule
    config: Mapping[str, Any]
    documents: Documents

    def is_public(self, method: str) -> bool:
        """Return whether anybody may use the method."""
        setting = "public_methods" if self.kind == COLLECTION else "public_item_methods"
        return method in self.resource[setting]

    def is_conditional(self, method: str) -> bool:
        """Return whether the method needs the ETag of the document that the client has read."""
        return self.kind == ITEM and method != "GET" and bool(self.config["IF_MATCH"])


def resource_operations(app: Flask, schemas: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield address, method and operation for all methods of `app`'s resources.

    Their schemas are added to `schemas`.
    """
    domain = app.config["DOMAIN"]
    order = list(domain)
    known: dict[str, Documents] = {}
    routes = [(*rule.endpoint.partition("|")[::2], rule) for rule in app.url_map.iter_rules()]
    routes = [route for route in routes if route[0] in domain]
    for name, kind, rule in sorted(routes, key=lambda route: (order.index(route[0]), route[1] != COLLECTION)):
        described = [method for method in methods_of(rule) if (kind, method) in NAMES]
        if described and name not in known:
            known[name] = add_documents(name, domain[name], app.config, schemas)
        for method in described:
            endpoint = Endpoint(name, kind, domain[name], rule, app.config, known[name])
            yield template_of(rule), method.lower(), _operation(endpoint, method)


def _operation(endpoint: Endpoint, method: str) -> Json:
    identifier, summary = _naming(endpoint, method)
    made: Json = {"operationId": identifier, "tags": [endpoint.name], "summary": summary}
    made["security"] = [{}, {"bearer": []}] if endpoint.is_public(method) else [{"bearer": []}]
    if expected := _parameters(endpoint, method):
        made["parameters"] = expected
    if method in BODIES:
        schema = getattr(endpoint.documents, BODIES[method])
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    made["responses"] = {**_successes(endpoint, method), **_problems(endpoint, method)}
    return made


def _naming(endpoint: Endpoint, method: str) -> tuple[str, str]:
    identifier, summary = NAMES[endpoint.kind, method]
    words = {
        "many": capitalised(camel_case(endpoint.name)),
        "one": endpoint.documents.one,
        "field": "".join(capitalised(camel_case(name)) for name in list(variables_of(endpoint.rule))[-1:]),
        "title": endpoint.resource["resource_title"],
        "item": endpoint.resource["item_title"],
    }
    text = summary.format(**words)
    if endpoint.kind == COLLECTION and method == "GET":
        text = endpoint.resource.get("kit", {}).get("summary", text)
    return identifier.format(**words), text


def _parameters(endpoint: Endpoint, method: str) -> list[Json]:
    found = variables_of(endpoint.rule)
    expected = parameters.path(
        {name: variable_schema(endpoint.resource, name, found[name]) for name in found}
    )
    if method == "GET" and endpoint.kind == COLLECTION:
        expected += parameters.of_collection(endpoint.resource, endpoint.config)
    elif method == "GET":
        expected += parameters.of_item(endpoint.resource, endpoint.config)
    if endpoint.is_conditional(method):
        expected.append(parameters.if_match(required=endpoint.config["ENFORCE_IF_MATCH"]))
    return expected


def _successes(endpoint: Endpoint, method: str) -> Json:
    documents = endpoint.documents
    etag = ETAG if endpoint.config["IF_MATCH"] else {}
    if method == "DELETE":
        return {"204": response("It is gone.", None)}
    if method == "POST":
        return {"201": response("It is stored.", written_after_post(documents, endpoint.resource), LOCATION)}
    if method == "GET" and endpoint.kind == COLLECTION:
        return {"200": response("A page of the collection.", documents.page)}
    if method == "GET":
        unchanged = {"304": response("It has not changed.", None, etag)} if etag else {}
        return {"200": response("The document.", documents.shown, etag), **unchanged}
    new = {"201": response("It was not there, and is stored now.", documents.written, LOCATION)}
    is_upsert = method == "PUT" and endpoint.config["UPSERT_ON_PUT"]
    return {"200": response("It is stored.", documents.written, etag), **(new if is_upsert else {})}


def _problems(endpoint: Endpoint, method: str) -> Json:
    statuses = set(EVERYWHERE)
    statuses |= set() if endpoint.is_public(method) else {403}
    statuses |= {404} if endpoint.rule.arguments else set()
    statuses |= {409, *WITH_BODY} if method in BODIES else set()
    if endpoint.is_conditional(method):
        statuses |= {412, 428} if endpoint.config["ENFORCE_IF_MATCH"] else {412}
    shared = problems(statuses)
    if method == "POST" and endpoint.resource["bulk_enabled"]:
        shared["422"] = {"$ref": f"#/components/responses/{INVALID_LIST}"}
    return shared
