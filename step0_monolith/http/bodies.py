"""Request bodies of the face: JSON or an HTML form, checked against a model."""

from typing import Annotated, Any, TypeVar

from flask import request
from pydantic import BaseModel, BeforeValidator

from kit.domain.members.documents import SignUp
from kit.http.bodies import json_fields, validated
from kit.http.inputs import Email

FORM = "application/x-www-form-urlencoded"
NOT_OURS = {"csrf_token", "next"}
"""Fields that belong to the form and not to its content."""

Model = TypeVar("Model", bound=BaseModel)


def _empty_is_none(value: Any) -> Any:
    """Return None for an empty field of a form: a form cannot leave a field out."""
    return None if value == "" and request.mimetype == FORM else value


class SignUpForm(SignUp):
    """The body of POST /signup, which may be a form."""

    email: Annotated[Email | None, BeforeValidator(_empty_is_none)] = None


def read_body(model: type[Model]) -> Model:
    """Read the request's body as `model`. Raises as `kit.http.bodies.read_body` does."""
    return validated(model, raw_fields())


def raw_fields() -> dict[str, Any]:
    """Read the body's fields without checking them."""
    if request.mimetype == FORM:
        return {name: value for name, value in request.form.items() if name not in NOT_OURS}
    return json_fields()
