"""A request body may have 64 KiB."""

import json
from collections.abc import Iterator

import pytest

from tests.support.client import PASSWORD, Client, Reader, new_name
from tests.support.responses import expect, expect_error

pytestmark = pytest.mark.face

LIMIT = 64 * 1024
JSON = {"Content-Type": "application/json"}


def padded(size: int) -> bytes:
    """Return a complete sign-up of `size` bytes, padded with spaces that JSON allows."""
    content = json.dumps({"username": new_name(), "password": PASSWORD}).encode()
    return content + b" " * (size - len(content))


def test_64_kibibytes_are_accepted_and_one_byte_more_is_refused(visitor: Client) -> None:
    expect(visitor.post("/signup", data=padded(LIMIT), headers=JSON), 201)
    expect_error(visitor.post("/signup", data=padded(LIMIT + 1), headers=JSON), 413)


def test_limit_holds_without_a_content_length(visitor: Client) -> None:
    def pieces(size: int) -> Iterator[bytes]:
        content = padded(size)
        yield content[:1000]
        yield content[1000:]

    expect(visitor.post("/signup", data=pieces(2000), headers=JSON), 201)
    for size in (LIMIT + 1, 4 * LIMIT):
        expect_error(visitor.post("/signup", data=pieces(size), headers=JSON), 413)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("verb", ["like", "hide", "tags/sized"])
def test_verbs_ignore_a_small_body_and_refuse_a_large_one(
    regular: Reader, post: str, method: str, verb: str
) -> None:
    expect(regular.request(method, f"/posts/{post}/{verb}", data=b'{"likes": 99}', headers=JSON), 200)
    expect_error(regular.request(method, f"/posts/{post}/{verb}", data=b"x" * (LIMIT + 1)), 413)


def test_a_form_has_the_same_limit(visitor: Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    expect_error(visitor.post("/login", data=b"username=" + b"a" * LIMIT, headers=form), 413)
