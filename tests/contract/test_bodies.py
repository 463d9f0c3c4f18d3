"""Request bodies: their media type and their fields."""

import json
from typing import Any

import pytest
from requests import Response

from tests.support.client import PASSWORD, Client, Reader, new_name
from tests.support.responses import expect, expect_error, expect_issue, expect_unauthorized

pytestmark = pytest.mark.face

LIMIT = 64 * 1024
JSON = {"Content-Type": "application/json"}
NOT_JSON = (
    *(
        b"",
        b" ",
        b"{",
        b"{]",
        b"nothing",
        b"'a'",
        b'{"username": "a",}',
        b"\x00",
        b"\xff\xfe{}",
        b'{"a": NaN',
    ),
    *(
        b'{"username": "\xff"}',
        b'{"a" "b"}',
        b"username=a&password=b",
        b"[" * 30_000,
        b'{"a":' * 10_000,
        b"<a/>",
    ),
)
NOT_OBJECTS = (b"[]", b"null", b"1", b'"text"', b"true", b'[{"username": "a"}]', b"1e999", b"-0.0")
OTHER_TYPES = (
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "text/json",
    "x",
    "",
)
OPERATORS: tuple[Any, ...] = (
    {"$gt": ""},
    {"$ne": None},
    ["a"],
    1,
    1.5,
    True,
    None,
    {"$where": "1"},
    [[[]]],
    10**400,
    {"a.b": 1},
)


def send(client: Client, path: str, content: bytes, headers: dict[str, str] = JSON) -> Response:
    return client.post(path, data=content, headers=headers)


def padded(size: int) -> bytes:
    """Return a complete sign-up of `size` bytes, padded with spaces that JSON allows."""
    content = json.dumps({"username": new_name(), "password": PASSWORD}).encode()
    return content + b" " * (size - len(content))


@pytest.mark.parametrize("content", NOT_JSON, ids=lambda content: repr(content[:20]))
@pytest.mark.parametrize("path", ["/signup", "/login"])
def test_invalid_json_is_malformed(visitor: Client, path: str, content: bytes) -> None:
    expect_error(send(visitor, path, content), 400)


@pytest.mark.parametrize("content", NOT_OBJECTS)
def test_json_that_is_no_object_is_malformed(
    visitor: Client, regular: Reader, post: str, content: bytes
) -> None:
    for path in ("/signup", "/login"):
        expect_error(send(visitor, path, content), 400)
    expect_error(send(regular, f"/posts/{post}/share", content), 400)


@pytest.mark.parametrize("media_type", OTHER_TYPES)
def test_other_media_types_are_refused(visitor: Client, regular: Reader, post: str, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    for path in ("/signup", "/login"):
        expect_error(send(visitor, path, padded(100), headers), 415)
    expect_error(send(regular, f"/posts/{post}/share", b'{"to": "a@example.org"}', headers), 415)


def test_body_without_a_media_type_is_refused(visitor: Client) -> None:
    expect_error(send(visitor, "/signup", padded(100), {}), 415)


def test_media_type_may_have_a_charset(visitor: Client) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    expect(send(visitor, "/signup", padded(200), headers), 201)


@pytest.mark.parametrize("value", OPERATORS, ids=repr)
def test_text_field_accepts_only_text(visitor: Client, regular: Reader, post: str, value: Any) -> None:
    fields = {"username": value, "password": value}
    for path in ("/signup", "/login"):
        expect_issue(send(visitor, path, json.dumps(fields).encode()), "username", "password")
    expect_issue(send(regular, f"/posts/{post}/share", json.dumps({"to": value}).encode()), "to")


def test_missing_and_unknown_fields_are_named(visitor: Client) -> None:
    expect_issue(visitor.post("/login", json={}), "username", "password")
    expect_issue(
        visitor.post("/login", json={"username": "abc", "user": "x", "$or": []}), "password", "user", "$or"
    )


@pytest.mark.parametrize("name", ["", "$where", "a.b", "a" * 5000, "\x00", "石", "__proto__", "\ud800"])
def test_unknown_fields_of_any_name_are_refused(visitor: Client, name: str) -> None:
    fields = {"username": new_name(), "password": PASSWORD, name: 1}
    expect_error(send(visitor, "/signup", json.dumps(fields).encode()), 422)


def test_half_a_surrogate_pair_is_refused(visitor: Client) -> None:
    content = b'{"username": "abc", "password": "0123456789\\ud800"}'
    expect_error(send(visitor, "/signup", content), 422)


@pytest.mark.parametrize("content", [b"nothing", b"[]", b"{}"])
def test_identity_is_checked_before_the_body(visitor: Client, content: bytes) -> None:
    expect_unauthorized(send(visitor, "/posts/t3_zzzzzzzzzzz/share", content))
    expect_unauthorized(send(visitor, "/posts/t3_zzzzzzzzzzz/share", content, {"Content-Type": "text/plain"}))


def test_body_is_checked_before_the_post(regular: Reader) -> None:
    expect_issue(regular.put("/posts/t3_zzzzzzzzzzz/tags/NOT-A-TAG"), "tag")
    expect_issue(regular.post("/posts/t3_zzzzzzzzzzz/share", json={"to": "nobody"}), "to")
