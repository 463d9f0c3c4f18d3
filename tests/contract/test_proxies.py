"""Requests as a reverse proxy changes them, and what no other client may claim (RFC 9110)."""

import pytest

from tests.contract.face import Face
from tests.support.browser import Browser
from tests.support.client import PASSWORD, Client, Reader
from tests.support.corpus import Corpus
from tests.support.raw_requests import send
from tests.support.responses import expect, expect_error, expect_unauthorized

pytestmark = pytest.mark.face

FOR_THE_PROXY = {"Authorization": "Basic YWxhZGRpbjpvcGVuc2VzYW1l"}
"""What a browser sends with each request after its user has signed in at a proxy."""

TLS_ENDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "stones.example",
    "X-Forwarded-For": "203.0.113.7",
    "Referer": "https://stones.example/login",
    "Origin": "https://stones.example",
    "Sec-Fetch-Site": "same-origin",
}
ELSEWHERE = "elsewhere.example"


def test_a_visitor_may_have_a_password_for_the_proxy(visitor: Client, corpus: Corpus) -> None:
    assert expect(visitor.get("/", headers=FOR_THE_PROXY), 200).json()["_items"]
    expect_unauthorized(visitor.get("/me", headers=FOR_THE_PROXY))


def test_a_reader_may_have_a_password_for_the_proxy(member: Browser, regular: Reader, post: str) -> None:
    as_json = {**FOR_THE_PROXY, "Accept": "application/json"}
    assert expect(member.get("/me", headers=as_json), 200).json()["username"] == regular.username
    token = {"X-CSRFToken": member.page_token()}
    expect_error(member.put(f"/posts/{post}/like", headers=as_json), 403)
    expect(member.put(f"/posts/{post}/like", headers={**as_json, **token}), 200)
    expect(member.submit("/logout", {}, token=token["X-CSRFToken"]), 303)


def test_form_is_accepted_if_a_proxy_ends_tls(browser: Browser, regular: Reader) -> None:
    browser.session.headers.update({**TLS_ENDED, **FOR_THE_PROXY})
    response = expect(browser.sign_in(regular.username), 303)
    assert response.headers["Location"] == "/"
    expect(browser.get("/me"), 200)


@pytest.mark.parametrize("left_out", ["Referer", "Origin", "Sec-Fetch-Site"])
def test_browsers_with_fewer_headers_can_sign_in(browser: Browser, regular: Reader, left_out: str) -> None:
    browser.session.headers.update({name: value for name, value in TLS_ENDED.items() if name != left_out})
    expect(browser.sign_in(regular.username), 303)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_request_from_another_site_is_refused(member: Browser, post: str, site: str) -> None:
    headers = {"X-CSRFToken": member.page_token(), "Sec-Fetch-Site": site, "Accept": "application/json"}
    expect_error(member.put(f"/posts/{post}/like", headers=headers), 403)
    expect(member.get("/", headers={"Sec-Fetch-Site": site}), 200)  # a visitor who follows a link to us


def test_headers_between_services_are_ignored_from_clients(regular: Reader, post: str) -> None:
    headers = {
        "Command-Wait": "later",
        "Deadline-Ms": "1",
        "Own-Marks": "{",
        "X-Face-Secret": "guessed",
        "Command": "like:9:me:t3_1",
        "Depends-On": "list.posts",
        "Gaps": "tagged",
        "traceparent": "00-0-0-0",
        "Operator-Secret": "guessed",
    }
    for response in (
        expect(regular.get("/", headers=headers), 200),
        expect(regular.put(f"/posts/{post}/tags/told", headers=headers), 200),
    ):
        assert {"Command", "Depends-On", "Gaps", "Command-Wait"}.isdisjoint(response.headers)
    assert post in [each["_id"] for each in regular.items("/tags/told", max_results=50)]


@pytest.mark.parametrize("path", ["/", "/me", "/posts//t3_1", "//me", "/docs", "/openapi.json", "/static//x"])
def test_client_cannot_choose_the_host(face: Face, path: str) -> None:
    for accept in ("text/html", "application/json"):
        named = f"Host: {ELSEWHERE}\r\nX-Forwarded-Host: {ELSEWHERE}\r\nForwarded: host={ELSEWHERE}\r\n"
        response = send(face.url, f"GET {path} HTTP/1.1\r\n{named}Accept: {accept}\r\n\r\n".encode())
        assert response is not None
        assert ELSEWHERE not in f"{response.headers} {response.body.decode()}"
        assert response.status < 500


def test_request_target_may_be_absolute(face: Face, corpus: Corpus) -> None:
    target = f"http://{ELSEWHERE}/posts/{corpus.rich[0].post_id}"
    response = send(face.url, f"GET {target} HTTP/1.1\r\nHost: {ELSEWHERE}\r\n\r\n".encode())
    assert response is not None
    assert (response.status, response.is_json) == (200, True)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_old_proxies_get_complete_responses(face: Face, corpus: Corpus, version: str) -> None:
    response = send(face.url, f"GET / HTTP/{version}\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert response is not None
    assert (response.status, int(response.headers["content-length"])) == (200, len(response.body))
    assert response.headers["date"].endswith("GMT")
    assert "transfer-encoding" not in response.headers


@pytest.mark.parametrize("header", ["SCRIPT_NAME: /x", "PATH_INFO: /me", "X-Forwarded-Prefix: /x"])
def test_headers_do_not_change_the_paths_of_the_face(face: Face, header: str) -> None:
    for path in ("/", "/search?q=stone"):
        response = send(face.url, f"GET {path} HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())
        assert response is not None
        assert response.status == 200
        assert b"/x" not in response.body or b'"_links"' not in response.body


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_range_of_a_post_is_ignored(visitor: Client, corpus: Corpus, method: str) -> None:
    response = visitor.request(method, f"/posts/{corpus.rich[0].post_id}", headers={"Range": "bytes=0-3"})
    assert int(expect(response, 200).headers["Content-Length"]) > 4


@pytest.mark.parametrize("path", ["/", "/posts/t3_1/like", "/login", "/health/live", "/metrics"])
def test_options_names_the_allowed_methods(visitor: Client, path: str) -> None:
    response = expect(visitor.request("OPTIONS", path), 200, 204)
    assert "OPTIONS" in response.headers["Allow"]
    assert response.content == b""


def test_body_is_read_after_expect_100_continue(face: Face, regular: Reader) -> None:
    body = f'{{"username": "{regular.username}", "password": "{PASSWORD}"}}'.encode()
    head = (
        b"POST /login HTTP/1.1\r\nHost: x\r\nAccept: application/json; charset=utf-8\r\n"
        b"Content-Type: Application/JSON;Charset=UTF-8\r\nExpect: 100-continue\r\n"
    )
    for sent in (
        head + b"Content-Length: %d\r\n\r\n" % len(body) + body,
        head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
    ):
        response = send(face.url, sent)
        assert response is not None
        assert (response.status, b"token" in response.body) == (200, True)
