"""Checks of responses, which show the request when they fail."""

import re
from typing import Any

from requests import Response

LEAKS = re.compile(
    r"Traceback|pymongo|mongodb://|MongoServerError|OperationFailure|werkzeug|gunicorn|bson\.|site-packages|\.py\b"
    r"|, line \d+|jinja2?\.|pydantic|flask\.",
    re.IGNORECASE,
)
"""Texts that only a stack trace or a driver's own message would contain."""


def describe(response: Response) -> str:
    """Return the request and its response in one line."""
    request = response.request
    return f"{request.method} {request.url} -> {response.status_code}: {response.text[:500]}"


def expect(response: Response, *statuses: int) -> Response:
    """Return the response if its status is among `statuses`."""
    assert response.status_code in statuses, f"expected {statuses}: {describe(response)}"
    return response


def expect_error(response: Response, status: int) -> dict[str, Any]:
    """Return the body of an error in JSON, in the contract's shape."""
    expect(response, status)
    assert response.headers["Content-Type"].startswith("application/json"), describe(response)
    body: dict[str, Any] = response.json()
    check_error_shape(body, status)
    assert not LEAKS.search(response.text), describe(response)
    return body


def check_error_shape(body: Any, status: int) -> None:
    """Raise AssertionError unless `body` is the contract's error object for `status`."""
    assert isinstance(body, dict), body
    assert body["_status"] == "ERR", body
    assert body["_error"]["code"] == status, body
    message = body["_error"]["message"]
    assert isinstance(message, str), body
    assert message.strip(), body
    issues = {"_issues"} if status == 422 else set()
    assert set(body) == {"_status", "_error", *issues}, body
    if issues:
        assert body["_issues"], body
        assert all(isinstance(text, str) and text for text in body["_issues"].values()), body


def expect_issue(response: Response, *fields: str) -> None:
    """Check for a 422 that names exactly these fields."""
    body = expect_error(response, 422)
    assert set(body["_issues"]) == set(fields), describe(response)


def expect_unauthorized(response: Response) -> None:
    """Check for a 401 that requires a bearer token."""
    expect_error(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer"), response.headers


def expect_retry_after(response: Response, status: int, most: int = 60) -> None:
    """Check for an error that says after how many seconds to try again."""
    expect_error(response, status)
    assert 1 <= int(response.headers["Retry-After"]) <= most, response.headers


def expect_message(response: Response, status: int, *words: str) -> None:
    """Check for an error whose message contains these words, in upper or lower case."""
    message = expect_error(response, status)["_error"]["message"].lower()
    assert all(word.lower() in message for word in words), message
