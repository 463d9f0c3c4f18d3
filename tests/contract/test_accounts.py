"""Which names, passwords and email addresses a sign-up accepts, up to their limits."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.face import Face
from tests.support.budget import budget
from tests.support.client import PASSWORD, Client, new_name, sign_in, sign_up
from tests.support.responses import expect, expect_issue
from tests.support.submission import BASE36

pytestmark = pytest.mark.face

INVALID_NAMES = (
    *(
        "",
        "ab",
        "a" * 31,
        "Upper",
        "with-dash",
        "with space",
        "with.dot",
        "naïve",
        "abc\n",
        "\nabc",
        "abc\x00",
    ),
    *("１２３", "$where", "a" * 10_000, "me/../admin", "ａｂｃ", "a\u0301bc"),
)
INVALID_PASSWORDS = (
    "",
    "123456789",
    "a" * 201,
    "with\x00nothing",
    "two\nlines of it",
    "tab\tulator",
    "\x7f" * 10,
    "石" * 9,
)
PASSWORDS = (
    "1234567890",
    "a" * 200,
    "石" * 200,
    "🪨" * 10,
    " leading and trailing ",
    "a\u0301" * 10,
    "\u202e" * 10,
)
INVALID_ADDRESSES = (
    *("", "name", "@example.org", "name@", "name@@example.org", "name@example", "na me@example.org"),
    *(
        "name@example.org\n",
        "name@example.org\r\nBcc: x@example.org",
        "name@exa mple.org",
        "<name@example.org>",
    ),
    *(
        "a@example.org,b@example.org",
        "name@-example.org",
        "a@" + "b." * 130 + "org",
    ),
)


def random_name(length: int) -> str:
    return "".join(secrets.choice(BASE36 + "_") for _ in range(length))


@pytest.mark.parametrize("length", [3, 4, 29, 30])
def test_names_have_3_to_30_characters(face: Face, visitor: Client, length: int) -> None:
    for _ in range(20):
        name = random_name(length)
        response = visitor.post("/signup", json={"username": name, "password": PASSWORD})
        if response.status_code != 409:  # a short name may be used already
            break
    assert expect(response, 201).json() == {"username": name}
    assert sign_in(face.url, name)


@pytest.mark.parametrize("name", INVALID_NAMES)
def test_invalid_names_are_refused(visitor: Client, name: str) -> None:
    expect_issue(visitor.post("/signup", json={"username": name, "password": PASSWORD}), "username")


@budget(100)
@given(name=st.text(max_size=40).filter(lambda name: not set(name) <= set(BASE36 + "_") or len(name) < 3))
def test_any_other_text_is_refused_as_a_name(face: Face, name: str) -> None:
    expect_issue(Client(face.url).post("/signup", json={"username": name, "password": PASSWORD}), "username")


@pytest.mark.parametrize("password", PASSWORDS)
def test_passwords_may_be_any_10_to_200_characters(face: Face, password: str) -> None:
    name = sign_up(face.url, password=password)
    assert sign_in(face.url, name, password)


@pytest.mark.parametrize("password", INVALID_PASSWORDS)
def test_invalid_passwords_are_refused(visitor: Client, password: str) -> None:
    expect_issue(visitor.post("/signup", json={"username": new_name(), "password": password}), "password")


def test_password_is_compared_with_its_spaces_and_case(face: Face, visitor: Client) -> None:
    name = sign_up(face.url, password="  Spaces and CASE count  ")
    for wrong in ("Spaces and CASE count", "  spaces and case count  ", "  Spaces and CASE count", ""):
        expect(visitor.post("/login", json={"username": name, "password": wrong}), 401)


@pytest.mark.parametrize(
    "email",
    ["somebody@example.org", "some.body+tag@sub.example.org", "me@localhost", "team@office.local", None],
)
def test_email_address_is_optional(face: Face, email: str | None) -> None:
    name = sign_up(face.url, email=email)
    profile = Client(face.url, sign_in(face.url, name)).json("/me")
    assert profile["email"] == email


@pytest.mark.parametrize("email", INVALID_ADDRESSES)
def test_invalid_email_address_is_refused(visitor: Client, email: str) -> None:
    fields = {"username": new_name(), "password": PASSWORD, "email": email}
    expect_issue(visitor.post("/signup", json=fields), "email")


def test_response_names_all_errors_at_once(visitor: Client) -> None:
    fields = {"username": "A", "password": "short", "email": "none", "admin": True}
    expect_issue(visitor.post("/signup", json=fields), "username", "password", "email", "admin")
