"""Signing in and out, bearer tokens, and `GET /me`."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.face import Face
from tests.support.client import PASSWORD, Client, Reader, new_name, sign_in
from tests.support.corpus import Corpus
from tests.support.responses import expect, expect_error, expect_unauthorized

PUBLIC = ("/", "/search?q=stone", "/recommended", "/posts/t3_zzzzzzzzzzz")
PRIVATE = (
    *(("GET", "/me"), ("GET", "/tags"), ("GET", "/tags/stone"), ("POST", "/logout")),
    *(
        (verb, f"/posts/t3_zzzzzzzzzzz/{path}")
        for verb in ("PUT", "DELETE")
        for path in ("like", "hide", "tags/x")
    ),
    ("POST", "/posts/t3_zzzzzzzzzzz/share"),
)
INVALID_TOKENS = (
    *(
        "Bearer",
        "Bearer ",
        "Bearer nobodys",
        "bearer a b",
        "Basic",
        "Basic !",
        "Token x",
        "",
        "Bearer \xff",
    ),
    *("Bearer " + "x" * 4000, "Bearer null", 'Bearer {"$gt":""}', "Digest username=x", "Bearer =,="),
)


@pytest.fixture(scope="module")
def ended(face: Face, regular: Reader) -> str:
    """A token whose owner has signed out."""
    token = sign_in(face.url, regular.username)
    expect(Client(face.url, token).post("/logout"), 204)
    return token


def test_signing_in_gives_a_token_for_an_hour(visitor: Client, regular: Reader) -> None:
    response = visitor.post("/login", json={"username": regular.username, "password": PASSWORD})
    expect(response, 200)
    body = response.json()
    assert set(body) == {"token", "expires"}
    expires = datetime.fromisoformat(body["expires"])
    assert expires.utcoffset() == timedelta(0)
    assert timedelta(minutes=58) < expires - datetime.now(UTC) < timedelta(minutes=62)
    assert "no-store" in response.headers["Cache-Control"]
    assert "Set-Cookie" not in response.headers


def test_token_identifies_the_reader(regular: Reader, other: Reader) -> None:
    assert regular.json("/me")["username"] == regular.username
    assert other.json("/me")["username"] == other.username


@pytest.mark.parametrize(
    "password", ["not their password", PASSWORD + " ", PASSWORD.upper(), "x", "\x00" * 10]
)
def test_wrong_password_is_refused(visitor: Client, regular: Reader, password: str) -> None:
    fields = {"username": regular.username, "password": password}
    expect_unauthorized(visitor.post("/login", json=fields))


def test_unknown_name_and_wrong_password_get_the_same_response(visitor: Client, regular: Reader) -> None:
    responses = [
        expect_error(visitor.post("/login", json={"username": name, "password": "not their password"}), 401)
        for name in (regular.username, new_name())
    ]
    assert responses[0] == responses[1]


def test_signing_out_ends_the_token(face: Face, regular: Reader) -> None:
    signed_in = Client(face.url, sign_in(face.url, regular.username))
    assert expect(signed_in.post("/logout"), 204).content == b""
    expect_unauthorized(signed_in.get("/me"))
    expect_unauthorized(signed_in.post("/logout"))
    expect(regular.get("/me"), 200)


@pytest.mark.parametrize(("method", "path"), PRIVATE)
def test_paths_of_a_reader_need_a_token(visitor: Client, method: str, path: str) -> None:
    expect_unauthorized(visitor.request(method, path))


@pytest.mark.parametrize("path", [*PUBLIC, "/me", "/tags"])
def test_ended_token_is_refused_everywhere(face: Face, ended: str, path: str) -> None:
    expect_unauthorized(Client(face.url, ended).get(path))


@pytest.mark.parametrize("header", INVALID_TOKENS)
def test_a_malformed_authorization_is_refused(visitor: Client, header: str) -> None:
    for path in ("/", "/me"):
        expect_unauthorized(visitor.get(path, headers={"Authorization": header.encode("latin-1")}))


def test_the_scheme_may_be_written_in_any_case(regular: Reader) -> None:
    expect(regular.get("/me", headers={"Authorization": f"bEARER {regular.token}"}), 200)


def test_token_is_accepted_in_the_header_only(visitor: Client, regular: Reader) -> None:
    expect(visitor.get("/me", params={"access_token": regular.token}), 400, 401)
    expect_unauthorized(visitor.get("/me", cookies={"token": regular.token}))
    expect_unauthorized(visitor.get("/me", cookies={"session": regular.token}))


def test_a_profile_has_name_address_and_counts(reader: Reader) -> None:
    profile = reader.json("/me")
    assert set(profile) == {"username", "email", "created", "counts"}
    assert profile["email"] is None
    assert abs(datetime.fromisoformat(profile["created"]) - datetime.now(UTC)) < timedelta(minutes=5)
    assert profile["counts"] == {"tags": 0, "likes": 0, "hidden": 0, "shares": 0}


def test_a_profile_counts_what_the_reader_did(reader: Reader, post: str, corpus: Corpus) -> None:
    second = corpus.spare.pop().post_id
    for path in (f"{post}/tags/a", f"{post}/tags/b", f"{second}/tags/a", f"{post}/like", f"{second}/hide"):
        expect(reader.put(f"/posts/{path}"), 200)
    expect(reader.post(f"/posts/{post}/share", json={"to": "counted@example.org", "note": ""}), 201)
    assert reader.json("/me")["counts"] == {"tags": 2, "likes": 1, "hidden": 1, "shares": 1}
    for path in (f"{post}/tags/b", f"{post}/like", f"{second}/hide"):
        expect(reader.delete(f"/posts/{path}"), 200)
    assert reader.json("/me")["counts"] == {"tags": 1, "likes": 0, "hidden": 0, "shares": 1}
