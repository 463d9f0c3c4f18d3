"""The OpenAPI document of step 3's face: the contract, and what the gateway adds to it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ADDED = Path(__file__).parent / "openapi.yaml"

Json = dict[str, Any]


def complete(contract: Mapping[str, Any]) -> Json:
    """Return the document of the face: `contract` and what step 3 adds to it.

    Each write of a reader is a command, which may be done later. Commands and the registry have addresses of
    their own.
    """
    added = yaml.safe_load(ADDED.read_text())
    ours, theirs = added["components"], contract["components"]
    components = {kind: {**theirs.get(kind, {}), **ours.get(kind, {})} for kind in {**theirs, **ours}}
    paths = {path: _with_commands(item) for path, item in contract["paths"].items()}
    return {
        **contract,
        "tags": [*contract["tags"], *added["tags"]],
        "paths": {**paths, **added["paths"]},
        "components": components,
    }


def _with_commands(item: Mapping[str, Any]) -> Json:
    return {
        name: _as_command(operation)
        if name not in ("get", "parameters") and _needs_reader(operation)
        else operation
        for name, operation in item.items()
    }


def _needs_reader(operation: Mapping[str, Any]) -> bool:
    """Return whether only a signed-in reader may do it."""
    return operation.get("security") == [{"bearer": []}]


def _as_command(operation: Mapping[str, Any]) -> Json:
    parameters = [*operation.get("parameters", ()), {"$ref": "#/components/parameters/Prefer"}]
    applied = {"Preference-Applied": {"$ref": "#/components/headers/Preference-Applied"}}
    responses: Json = {"202": {"$ref": "#/components/responses/Accepted"}}
    for status, response in operation["responses"].items():
        is_good = status.startswith("2")
        responses[status] = (
            {**response, "headers": {**response.get("headers", {}), **applied}} if is_good else response
        )
    return {**operation, "parameters": parameters, "responses": dict(sorted(responses.items()))}
