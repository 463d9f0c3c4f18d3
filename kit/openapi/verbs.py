"""Describe verbs, the views made with `kit.http.operations.operation`, as OpenAPI's operations."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from werkzeug.routing import Rule

from kit.http.operations import HEALTH, Operation, ResponseBody
from kit.openapi import parameters
from kit.openapi.names import camel_case, capitalised, methods_of, template_of, variables_of
from kit.openapi.responses import EVERYWHERE, PROBLEMS, WITH_BODY, Json, problems, response

WITH_REQUEST_BODY = frozenset({"POST", "PUT", "PATCH"})

Models = Mapping[type[BaseModel], Json]


def verb_operations(app: Flask, schemas: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield address, method and operation of all `app`'s verbs.

    The schemas of their models are added to `schemas`.
    """
    found = [(rule, described) for rule in app.url_map.iter_rules() if (described := _described(app, rule))]
    models = _lift([described for _, described in found], schemas)
    serves: dict[str, set[str]] = {}
    for rule, _ in found:
        serves.setdefault(rule.endpoint, set()).update(methods_of(rule))
    for rule, described in sorted(found, key=lambda each: each[0].rule):
        name = camel_case(app.view_functions[rule.endpoint].__name__)
        for method in methods_of(rule):
            several = len(serves[rule.endpoint]) > 1
            identifier = f"{method.lower()}{capitalised(name)}" if several else name
            yield template_of(rule), method.lower(), _operation(described, identifier, rule, method, models)


def _described(app: Flask, rule: Rule) -> Operation | None:
    described = getattr(app.view_functions.get(rule.endpoint), "operation", None)
    return described if isinstance(described, Operation) else None


def _lift(operations: list[Operation], schemas: Json) -> Models:
    """Add the schemas of all models to `schemas`, and return a reference to each."""
    bodies: list[Any] = [each for one in operations for each in (one.body, *one.responses.values())]
    models = {each: None for each in bodies if isinstance(each, type) and issubclass(each, BaseModel)}
    # All at once, as two models may go by the same name.
    references, made = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    schemas.update(made.get("$defs", {}))
    return {model: references[model, "validation"] for model in models}


def _operation(described: Operation, identifier: str, rule: Rule, method: str, models: Models) -> Json:
    found = variables_of(rule)
    expected = parameters.path({name: described.path.get(name, found[name]) for name in found})
    expected += parameters.query(described.query, described.required)
    body = described.body if method in WITH_REQUEST_BODY else None
    made: Json = {"operationId": identifier, "tags": [described.tag], "summary": described.summary}
    made["security"] = _security(described)
    if expected:
        made["parameters"] = expected
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": models[body]}}}
    statuses = {400, 413, 414} if described.tag == HEALTH else set(EVERYWHERE)
    statuses |= {401} if described.reader else set()
    statuses |= {404} if found else set()
    statuses |= set(WITH_BODY) if body is not None else set()
    statuses |= {422} if described.path else set()
    made["responses"] = {**problems(statuses), **_named(described, models)}
    made["responses"] = dict(sorted(made["responses"].items()))
    return made


def _security(described: Operation) -> list[Json]:
    if described.reader or described.service:
        return [{"bearer": []}]
    return [] if described.tag == HEALTH else [{}, {"bearer": []}]


def _named(described: Operation, models: Models) -> Json:
    """Describe the responses of the operation. Errors without a description are the shared ones."""
    made: Json = {}
    for status, given in described.responses.items():
        if given is None and status in PROBLEMS:
            made.update(problems([status]))
        else:
            schema = _schema(given, models)
            media_type = described.media_type if status < HTTPStatus.BAD_REQUEST else "application/json"
            made[str(status)] = response(_description(status, given), schema, media_type=media_type)
    return made


def _schema(given: ResponseBody, models: Models) -> Json | None:
    if given is None:
        return None
    return models[given] if isinstance(given, type) else dict(given)


def _description(status: int, given: ResponseBody) -> str:
    text = given.__doc__ if isinstance(given, type) else (given or {}).get("description")
    return str(text).strip().split("\n\n")[0] if text else HTTPStatus(status).phrase
