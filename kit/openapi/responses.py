"""The responses that all operations share: errors, and the frame of a collection."""

from collections.abc import Iterable
from typing import Any

from kit.http.bodies import LARGEST_BODY
from kit.http.collections import TOTAL_LIMIT

Json = dict[str, Any]

ETAG: Json = {"ETag": {"schema": {"type": "string"}, "description": "Changes when the document does."}}
LOCATION: Json = {"Location": {"schema": {"type": "string"}, "description": "Where the document is."}}
RETRY_AFTER: Json = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}}
CHALLENGE: Json = {"WWW-Authenticate": {"schema": {"type": "string"}}}

EVERYWHERE = (400, 401, 406, 413, 414, 503, 504)
WITH_BODY = (415, 422)

PROBLEMS: dict[int, tuple[str, str, Json]] = {
    400: ("BadRequest", "A parameter or the body is malformed; the message says which.", {}),
    401: ("Unauthorized", "The token is missing, not valid, or no longer.", CHALLENGE),
    403: ("Forbidden", "Somebody else may, this reader may not.", {}),
    404: ("NotFound", "There is no such thing.", {}),
    406: ("NotAcceptable", "Responses do not come in the requested form.", {}),
    409: ("Conflict", "There is one of that name already.", {}),
    410: ("Gone", "It was there and is no longer.", {}),
    412: ("Stale", "It was changed since: what you have seen of it is not the latest.", {}),
    413: ("TooLarge", f"The body is larger than {LARGEST_BODY} bytes.", {}),
    414: ("AddressTooLong", "The address is longer than the server reads.", {}),
    415: ("NotJson", "The body must be application/json.", {}),
    422: ("Invalid", "Values that break their rules, by field.", {}),
    428: ("NoIfMatch", "If-Match is missing.", {}),
    429: ("TooMany", "A limit is used up; try again after Retry-After seconds.", RETRY_AFTER),
    503: ("Busy", "A part that is needed is away; try again after Retry-After seconds.", RETRY_AFTER),
    504: ("Slow", "A part that is needed did not respond in time.", {}),
}
INVALID_LIST = "InvalidList"


def ref(schema: str) -> Json:
    """Return a reference to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{schema}"}


def problems(statuses: Iterable[int]) -> Json:
    """Return references to the shared responses of these statuses, all from PROBLEMS."""
    names = {status: PROBLEMS[status][0] for status in sorted(statuses)}
    return {str(status): {"$ref": f"#/components/responses/{name}"} for status, name in names.items()}


def responses() -> Json:
    """Describe all shared responses by name."""
    made: Json = {}
    for status, (name, description, headers) in PROBLEMS.items():
        schema = ref("EveInvalid" if status == 422 else "EveError") if status != 414 else None
        made[name] = response(description, schema, headers)
    either = {"anyOf": [ref("EveInvalid"), ref("EveInvalidList")]}
    made[INVALID_LIST] = response("Values that break their rules, by document and field.", either)
    return made


def response(
    description: str, schema: Json | None, headers: Json | None = None, media_type: str = "application/json"
) -> Json:
    """Describe a response; without a schema it has no body."""
    made: Json = {"description": description}
    if headers:
        made["headers"] = headers
    if schema is not None:
        made["content"] = {media_type: {"schema": schema}}
    return made


def schemas(largest_page: int) -> Json:
    """Make the schemas that the shared responses and all collections use."""
    code_and_message = {"code": {"type": "integer"}, "message": {"type": "string"}}
    error = {"type": "object", "required": ["code", "message"], "properties": code_and_message}
    is_error = {"_status": {"const": "ERR"}, "_error": error}
    issues = {"type": "object", "additionalProperties": ref("EveIssue")}
    failed = {"required": ["_issues"], "properties": {"_issues": issues}}
    each = {"type": "object", "required": ["_status"], "properties": {"_status": {"enum": ["OK", "ERR"]}}}
    each["properties"] = {**is_error, "_status": {"enum": ["OK", "ERR"]}, "_issues": issues}
    listed = {"required": ["_items"], "properties": {"_items": {"type": "array", "items": each}}}
    text = {"type": "string"}
    link = {"type": "object", "required": ["href"], "properties": {"href": text, "title": text}}
    counts = {
        "page": {"type": "integer", "minimum": 1},
        "max_results": {"type": "integer", "minimum": 1, "maximum": largest_page},
        "total": {"type": "integer", "minimum": 0, "maximum": TOTAL_LIMIT},
        "total_relation": {"const": "gte", "description": "There are more than total."},
        "reason": {"type": "string", "description": "Why a search can find nothing, where it cannot."},
    }
    meta = {"type": "object", "required": ["page", "max_results", "total"], "properties": counts}
    frame = {
        "_items": {"type": "array"},
        "_meta": meta,
        "_links": {"type": "object", "additionalProperties": link},
    }
    return {
        "EveError": {"type": "object", "required": ["_status", "_error"], "properties": is_error},
        "EveInvalid": {"allOf": [ref("EveError"), failed]},
        "EveInvalidList": {"allOf": [ref("EveError"), listed]},
        "EveIssue": {"anyOf": [text, {"type": "array", "items": ref("EveIssue")}, issues]},
        "EveCollection": {"type": "object", "required": ["_items", "_meta", "_links"], "properties": frame},
    }
