"""Verbs beside Eve's resources: Flask routes with a description of their requests and responses.

The description has two uses: each request is checked against it, and `/openapi.json` shows it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import Flask, g
from pydantic import BaseModel

from kit.http import params
from kit.http.bodies import LARGEST_BODY
from kit.http.problems import SignedOut

P = ParamSpec("P")
R = TypeVar("R")

Schema = Mapping[str, Any]
"""A JSON Schema (2020-12, as OpenAPI 3.1 has it)."""

ResponseBody = type[BaseModel] | Schema | None
"""The body of a response: a model, a schema, or None where there is no body."""


HEALTH = "health"
"""The tag of health checks. Probes send them without a token, and may add query parameters of their own."""


@dataclass(frozen=True)
class Operation:
    """One verb: `responses` by status, `query` and `path` parameters by name with their schemas.

    `required` names the query parameters that a request must have. With `reader` it must have a reader's
    bearer token, with `service` the token of another service. `largest_body` is in bytes.
    """

    summary: str
    responses: Mapping[int, ResponseBody]
    query: Mapping[str, Schema] = field(default_factory=dict)
    body: type[BaseModel] | None = None
    required: frozenset[str] = frozenset()
    path: Mapping[str, Schema] = field(default_factory=dict)
    reader: bool = False
    service: bool = False
    largest_body: int = LARGEST_BODY
    tag: str = "verbs"
    media_type: str = "application/json"


def operation(described: Operation) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a view the verb that `described` describes, as a decorator.

    It refuses unknown query parameters and, where a reader is needed, visitors.

    The view finds the reader in `g.reader`. Raises BadRequest and SignedOut.
    """

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            if described.tag != HEALTH:
                params.allow_only(*described.query)
            if described.reader and g.reader is None:
                raise SignedOut("Sign in first.")
            if described.service and g.caller is None:
                raise SignedOut("Only other services of this application may send this request.")
            return view(*args, **kwargs)

        wrapper.operation = described  # type: ignore[attr-defined]
        return wrapper

    return decorate


def operation_of(app: Flask, endpoint: str | None) -> Operation | None:
    """Return the description of the verb at an endpoint of `app`; None if there is no verb."""
    return getattr(app.view_functions.get(endpoint or ""), "operation", None)


def username() -> str | None:
    """Return the name of the reader of this request, None for a visitor."""
    return g.reader.username if g.reader else None
