"""Methods: which ones a path allows, and HEAD wherever there is GET."""

import pytest

from tests.support.browser import Browser
from tests.support.client import Client, Reader
from tests.support.corpus import Corpus
from tests.support.responses import expect, expect_error

pytestmark = pytest.mark.face

ALL = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
GET, POST, FORM, MARK = map(frozenset, (["GET"], ["POST"], ["GET", "POST"], ["PUT", "DELETE"]))
ALLOWED = {
    **dict.fromkeys(("/", "/search", "/recommended", "/posts/{id}", "/images/{id}", "/me", "/tags"), GET),
    **dict.fromkeys(
        (
            "/tags/river",
            "/likes",
            "/hidden",
            "/health/live",
            "/health/ready",
            "/metrics",
            "/openapi.json",
            "/docs",
        ),
        GET,
    ),
    **dict.fromkeys(("/signup", "/login"), FORM),
    **dict.fromkeys(("/logout", "/posts/{id}/share", "/posts/{id}/unhide"), POST),
    **dict.fromkeys(("/posts/{id}/like", "/posts/{id}/hide", "/posts/{id}/tags/river"), MARK),
}
"""The methods of the contract by path; GET of the forms is for browsers."""

NOT_ALLOWED = [(path, method) for path, methods in ALLOWED.items() for method in sorted(ALL - methods)]
READABLE = [path for path, methods in ALLOWED.items() if methods == GET and "images" not in path]
UNKNOWN = (
    "/nothing",
    "/posts",
    "/posts/",
    "/images",
    "/health",
    "/admin",
    "/index.html",
    "/.env",
    "/tags/a/b",
)


@pytest.mark.parametrize(("path", "method"), NOT_ALLOWED)
def test_other_methods_are_not_allowed(regular: Reader, corpus: Corpus, path: str, method: str) -> None:
    response = regular.request(method, path.format(id=corpus.rich[0].post_id))
    expect_error(response, 405)
    allowed = {each.strip() for each in response.headers["Allow"].split(",")}
    assert ALLOWED[path] <= allowed | {"GET"}
    assert method not in allowed


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "BREW"])
def test_unusual_methods_are_not_allowed(visitor: Client, method: str) -> None:
    expect(visitor.request(method, "/search"), 400, 404, 405)


@pytest.mark.parametrize("path", READABLE)
def test_head_has_the_headers_of_get_and_no_body(regular: Reader, corpus: Corpus, path: str) -> None:
    address = path.format(id=corpus.rich[0].post_id) + ("?q=stone" if path == "/search" else "")
    got, head = (expect(regular.request(method, address), 200) for method in ("GET", "HEAD"))
    assert head.content == b""
    names = ["Content-Type", "ETag", "Vary", "Content-Security-Policy"]
    assert [head.headers.get(name) for name in names] == [got.headers.get(name) for name in names]
    if path != "/metrics":
        assert head.headers["Content-Length"] == str(len(got.content))


def test_head_has_the_status_of_an_error(visitor: Client) -> None:
    for path, status in (("/posts/t3_zzzzzzzzzzz", 404), ("/?page=0", 400), ("/me", 401)):
        assert expect(visitor.request("HEAD", path), status).content == b""


@pytest.mark.parametrize("path", ["/login", "/signup"])
def test_forms_are_for_browsers(visitor: Client, browser: Browser, path: str) -> None:
    response = visitor.get(path)
    expect_error(response, 405)
    assert "POST" in response.headers["Allow"]
    assert browser.page(path).select_one("form input[name=password]")


@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_path_is_not_found(visitor: Client, path: str) -> None:
    response = visitor.session.get(visitor.url + path, allow_redirects=False, timeout=30)
    expect_error(response, 404)


def test_a_method_cannot_be_overridden(regular: Reader, post: str) -> None:
    headers = {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE", "X-Method-Override": "DELETE"}
    expect(regular.put(f"/posts/{post}/like", headers=headers), 200)
    assert regular.json(f"/posts/{post}")["liked"] is True
