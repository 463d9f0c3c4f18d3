"""Malformed requests, hundreds at random and some by name: no 5xx, no stack trace, no driver message."""

import json
from collections import Counter

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.contract.face import Face
from tests.support.budget import budget
from tests.support.client import Client, Reader, new_reader, other_address
from tests.support.malformed import requests
from tests.support.malformed_parts import HEADERS
from tests.support.raw_requests import RawResponse, send
from tests.support.responses import LEAKS, check_error_shape, expect

pytestmark = pytest.mark.face

REQUESTS = 500
REQUESTS = 400
HOST = b"Host: 127.0.0.1\r\nConnection: close\r\n"
JSON = b"Content-Type: application/json\r\n"
BROKEN = {
    "no request": b"\r\n\r\n",
    "noise": bytes(range(256)),
    "no version": b"GET /\r\n\r\n",
    "no such version": b"GET / HTTP/9.9\r\n" + HOST + b"\r\n",
    "NUL in path": b"GET /\x00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "bytes in path": b"GET /\xff\xfe?q=\xff HTTP/1.1\r\n" + HOST + b"\r\n",
    "space in path": b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n",
    "long path": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "long query": b"GET /search?q=" + b"a" * 3900 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "no host": b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\n" + HOST + b"\r\n",
    "odd host": b"GET /login HTTP/1.1\r\nHost: [::1\r\nConnection: close\r\n\r\n",
    "long header": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 100_000 + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: a\r\n" * 500 + b"\r\n",
    "space in a header's name": b"GET / HTTP/1.1\r\n" + HOST + b"X A: a\r\n\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: a\x00b\r\n\r\n",
    "folded header": b"GET / HTTP/1.1\r\n" + HOST + b"X-A: a\r\n b\r\n\r\n",
    "negative length": b"POST /login HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: -5\r\n\r\n{}",
    "no number as length": b"POST /login HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: 1e3\r\n\r\n{}",
    "two lengths": b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "length and chunks": b"POST /login HTTP/1.1\r\n"
    + HOST
    + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "cut short": b"POST /login HTTP/1.1\r\n" + HOST + JSON + b"Content-Length: 500\r\n\r\n{",
    "no chunk size": b"POST /login HTTP/1.1\r\n"
    + HOST
    + JSON
    + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunks cut short": b"POST /login HTTP/1.1\r\n"
    + HOST
    + JSON
    + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{",
    "a terabyte announced": b"POST /login HTTP/1.1\r\n"
    + HOST
    + JSON
    + b"Content-Length: 1099511627776\r\n\r\n{",
    "a form cut short": b"POST /login HTTP/1.1\r\n"
    + HOST
    + b"Content-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 99\r\n\r\nusername=",
}


@pytest.fixture(scope="module")
def malformer(face: Face) -> Reader:
    """The reader who sends the malformed requests, so that they disturb no other test."""
    return new_reader(face.url)


@pytest.fixture(scope="module")
def address() -> str:
    """An address of this test's own, so that failed sign-ins lock nobody else out."""
    return other_address()


def check(response: RawResponse | None) -> int:
    """Return the status of a correct response."""
    assert response is not None, "closed without a response"
    assert response.status < 500, response
    # The server in front of the application refuses what is not HTTP, with its own message.
    text = response.body.decode("utf-8", "strict" if response.is_json else "replace")
    if response.status >= 400:
        assert not LEAKS.search(text), text
    if response.is_json and text:
        body = json.loads(text)
        if response.status >= 400:
            check_error_shape(body, response.status)
    return response.status


def test_hundreds_of_malformed_requests_do_no_harm(face: Face, malformer: Reader, address: str) -> None:
    statuses: Counter[int] = Counter()
    host = face.url.removeprefix("http://")

    @budget(REQUESTS)
    @given(content=requests(host, malformer.token))
    def send_and_check(content: bytes) -> None:
        # Hypothesis prints nothing for bytes that a composite strategy has joined.
        note(f"request: {content[:1000]!r}")
        statuses[check(send(face.url, content, source=address, head=content.startswith(b"HEAD")))] += 1

    send_and_check()
    print("malformed requests by status:", dict(sorted(statuses.items())))
    assert statuses.total() >= REQUESTS
    assert {200, 400, 401, 404, 405} <= set(statuses), "too tame to show anything"
    expect(Client(face.url).get("/health/ready"), 200)


@pytest.mark.parametrize("name", BROKEN)
def test_broken_requests_are_refused(face: Face, address: str, name: str) -> None:
    response = send(face.url, BROKEN[name], source=address)
    if response is not None:
        assert 200 <= response.status < 500 or response.status == 505, response
        assert response.status < 400 or not LEAKS.search(response.body.decode("utf-8", "replace")), response


@pytest.mark.parametrize("name", HEADERS)
def test_malformed_header_does_no_harm(face: Face, malformer: Reader, name: str) -> None:
    token = [] if name == "Authorization" else [f"Authorization: Bearer {malformer.token}"]
    for path in ("/me", "/search?q=stone"):
        for value in HEADERS[name]:
            lines = [f"GET {path} HTTP/1.1", *token, f"{name}: {value}"]
            content = "\r\n".join(lines).encode("latin-1") + b"\r\n" + HOST + b"\r\n"
            check(send(face.url, content))


def test_forged_host_is_in_no_response(face: Face) -> None:
    for path in ("/", "/login", "/me", "/nothing", "/docs"):
        headers = (
            "Host: evil.example\r\nX-Forwarded-Host: evil.example\r\nAccept: text/html\r\nConnection: close"
        )
        response = send(face.url, f"GET {path} HTTP/1.1\r\n{headers}\r\n\r\n".encode())
        assert response is not None
        assert b"evil" not in response.body
        assert "evil" not in response.headers.get("location", "")


@budget(150)
@given(content=st.binary(min_size=1, max_size=300))
def test_noise_does_no_harm(face: Face, content: bytes) -> None:
    response = send(face.url, content + b"\r\n\r\n")
    assert response is None or response.status < 500
