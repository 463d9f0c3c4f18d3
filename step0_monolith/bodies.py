"""Request bodies: JSON or an HTML form, checked against a model."""

import unicodedata
from typing import Annotated, Any, TypeVar

from email_validator import EmailNotValidError, validate_email
from flask import request
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from step0_monolith.store import Unprocessable

FORM = "application/x-www-form-urlencoded"
LARGEST_BODY = 64 * 1024
DRAINED = 16 * LARGEST_BODY
NOT_OURS = {"csrf_token", "next"}
"""Fields of the forms that are about the form and not about what it carries."""


def _no_control(text: str) -> str:
    if any(unicodedata.category(char) == "Cc" for char in text if char not in "\n\t"):
        raise ValueError("no control characters, please")
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("no control characters, please")
    return _no_control(text)


def _email(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValueError("an e-mail address like name@example.org is needed") from None


def _unix_lines(value: Any) -> Any:
    """Browsers end the lines of a form's text with CR LF."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _empty_is_none(value: Any) -> Any:
    """A form has no other way to leave a field out."""
    return None if value == "" and request.mimetype == FORM else value


Username = Annotated[str, Field(pattern=r"^[a-z0-9_]{3,30}$")]
Password = Annotated[str, Field(min_length=10, max_length=200), AfterValidator(_one_line)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_email)]
Note = Annotated[str, BeforeValidator(_unix_lines), Field(max_length=1000), AfterValidator(_no_control)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class SignUp(_Body):
    """POST /signup."""

    username: Username
    password: Password
    email: Annotated[Email | None, BeforeValidator(_empty_is_none)] = None


class SignIn(_Body):
    """POST /login. Any text may be tried; only the right one opens."""

    username: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=200)]


class Share(_Body):
    """POST /posts/{id}/share."""

    to: Email
    note: Note = ""


class Empty(_Body):
    """POST /logout."""


Model = TypeVar("Model", bound=_Body)

RULES = {
    "string_pattern_mismatch": "3 to 30 of a-z, 0-9 and _",
    "extra_forbidden": "this field is not known here",
    "missing": "this field is needed",
    "string_type": "text is needed",
    "string_unicode": "this is not valid Unicode text",
}


def require_small_body() -> None:
    """Raise RequestEntityTooLarge for a body over LARGEST_BODY bytes, its size announced or not."""
    announced = request.content_length
    source = request.environ["wsgi.input"]
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
        too_large = (announced or 0) > LARGEST_BODY
    if too_large:
        # A client that is still sending when the connection closes never sees the answer.
        source.read(DRAINED)
        raise RequestEntityTooLarge(f"The body is larger than {LARGEST_BODY} bytes.")


def read_body(model: type[Model]) -> Model:
    """The request's body as `model`.

    Raises UnsupportedMediaType, BadRequest when it is not JSON or not an object, RequestEntityTooLarge, and
    Unprocessable with an issue for each field that breaks its rule.
    """
    try:
        return model.model_validate(raw_fields())
    except ValidationError as error:
        raise Unprocessable({_field(each["loc"]): _issue(each) for each in error.errors()}) from None


def raw_fields() -> dict[str, Any]:
    """The body's fields before they are checked."""
    if request.mimetype == FORM:
        return {name: value for name, value in request.form.items() if name not in NOT_OURS}
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as application/json.")
    try:
        fields = request.get_json()
    except (BadRequest, RecursionError):
        raise BadRequest("The body is not JSON.") from None
    if not isinstance(fields, dict):
        raise BadRequest("The body must be a JSON object.")
    return fields


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
