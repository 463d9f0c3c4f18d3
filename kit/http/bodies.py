"""Request bodies: JSON objects, checked against a model."""

from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from kit.http.problems import Unprocessable

LARGEST_BODY = 64 * 1024
DRAINED = 16 * LARGEST_BODY

Model = TypeVar("Model", bound=BaseModel)

RULES = {
    "extra_forbidden": "this field is not known here",
    "missing": "this field is needed",
    "string_type": "text is needed",
    "string_unicode": "this is not valid Unicode text",
}


def require_small_body(largest: int = LARGEST_BODY) -> None:
    """Raise RequestEntityTooLarge for a body over `largest` bytes, whether or not its size is announced."""
    environ = request.environ
    if "CONTENT_LENGTH" not in environ and "HTTP_TRANSFER_ENCODING" not in environ:
        return
    announced = request.content_length
    source = environ["wsgi.input"]
    if announced is None and "Transfer-Encoding" in request.headers:
        # What is over the limit would be cut off and the rest taken for the whole.
        try:
            request.get_data(cache=True)
            too_large = bool(source.read(1))
        except HTTPException:
            raise
        except Exception:  # WSGI does not say what reading may raise, and each server has its own kinds
            raise BadRequest("The body's chunks are malformed.") from None
    else:
        too_large = (announced or 0) > largest
    if too_large:
        # A client that is still sending when the connection closes never sees the response.
        source.read(DRAINED)
        raise RequestEntityTooLarge(f"The body is larger than {largest} bytes.")


def read_body(model: type[Model]) -> Model:
    """Read the request's JSON object as `model`.

    Raises UnsupportedMediaType, BadRequest when it is not JSON or not an object, RequestEntityTooLarge, and
    Unprocessable with an issue for each field that breaks its rule.
    """
    return validated(model, json_fields())


def validated(model: type[Model], fields: dict[str, Any]) -> Model:
    """Check `fields` against `model`.

    Raises Unprocessable with an issue for each field that breaks its rule.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise Unprocessable({_field(each["loc"]): _issue(each) for each in error.errors()}) from None


def json_fields() -> dict[str, Any]:
    """Read the body's fields without checking them. Raises UnsupportedMediaType and BadRequest."""
    fields = json_body()
    if not isinstance(fields, dict):
        raise BadRequest("The body must be a JSON object.")
    return fields


def json_body() -> Any:
    """Read the body. Raises UnsupportedMediaType and BadRequest."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMediaType("Send the body as it is, without a Content-Encoding.")
    try:
        return request.get_json()
    except (BadRequest, RecursionError):
        raise BadRequest("The body is not JSON.") from None


def _field(location: tuple[int | str, ...]) -> str:
    return str(location[0]).encode(errors="replace").decode() if location else "body"


def _issue(error: Any) -> str:
    kind: str = error["type"]
    if kind in RULES:
        return RULES[kind]
    if kind in ("string_too_short", "string_too_long"):
        bound = "min_length" if kind == "string_too_short" else "max_length"
        return f"{'at least' if bound == 'min_length' else 'at most'} {error['ctx'][bound]} characters"
    return str(error["msg"]).removeprefix("Value error, ")
