"""OpenAPI 3.1 of an Eve application, made from its DOMAIN and the operations of its verbs.

The format is https://spec.openapis.org/oas/v3.1.1.
"""

from flask import Flask

from kit.openapi.names import free_name
from kit.openapi.resources import resource_operations
from kit.openapi.responses import Json, responses, schemas
from kit.openapi.verbs import verb_operations

BEARER = {"type": "http", "scheme": "bearer", "description": "The token that signing in gives."}


def describe(app: Flask, title: str, version: str) -> Json:
    """Return the document of `app`, an Eve application with all its routes: each resource and each verb.

    Besides Eve's settings a resource may say under "kit": "query", JSON Schemas of parameters that its
    collection takes, "required", the names of those that must be there, "summary", and "filters": False where
    it takes no `where`, `sort` and `projection`.
    """
    models: Json = {}
    verbs = list(verb_operations(app, models))
    known = {**schemas(app.config["PAGINATION_LIMIT"]), **models}
    resources = list(resource_operations(app, known))
    paths: dict[str, Json] = {}
    taken: set[str] = set()
    for path, method, operation in [*resources, *verbs]:
        operation["operationId"] = free_name(operation["operationId"], taken)
        taken.add(operation["operationId"])
        paths.setdefault(path, {})[method] = operation
    tags = {tag: None for item in paths.values() for operation in item.values() for tag in operation["tags"]}
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": BEARER},
            "responses": responses(),
            "schemas": known,
        },
    }
