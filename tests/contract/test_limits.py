"""429 with Retry-After: failed sign-ins by address, shares by reader.

Failed sign-ins come from loopback addresses of their own, so that they lock nobody else out.
"""

import time

import pytest

from tests.contract.face import Face
from tests.support.browser import Browser, parse
from tests.support.client import PASSWORD, Client, Reader, new_name, new_reader, other_address
from tests.support.responses import expect, expect_error, expect_retry_after
from tests.support.submission import new_word

LIMIT = 30
WINDOW = 60.0


def fail(client: Client, username: str) -> None:
    expect_error(client.post("/login", json={"username": username, "password": "not their password"}), 401)


def skip_if_over(began: float, what: str) -> None:
    """Skip the test if the requests did not fall into one window: then they did not reach the limit."""
    if time.monotonic() - began >= WINDOW:
        pytest.skip(f"too slow a machine for {LIMIT} {what} a minute")


def test_after_30_failed_sign_ins_an_address_has_to_wait(face: Face, regular: Reader) -> None:
    address = other_address()
    guesser = Client(face.url, source=address)
    right = {"username": regular.username, "password": PASSWORD}
    began = time.monotonic()
    for number in range(LIMIT - 1):
        # Other addresses in headers, and other usernames, do not avoid the limit.
        elsewhere = f"198.51.100.{number}"
        guesser.session.headers.update({"X-Forwarded-For": elsewhere, "Forwarded": f"for={elsewhere}"})
        fail(guesser, regular.username if number % 2 else new_name())
    expect(guesser.post("/login", json=right), 200)  # which does not count
    fail(guesser, regular.username)
    responses = [
        guesser.post("/login", json={**right, "password": "wrong"}),
        guesser.post("/login", json=right),
    ]
    skip_if_over(began, "sign-ins")
    for response in responses:
        expect_retry_after(response, 429)
    found = expect(Browser(face.url, source=address).sign_in(regular.username), 429)
    assert 1 <= int(found.headers["Retry-After"]) <= WINDOW
    assert "many" in parse(found).select_one("main").get_text()
    expect(Client(face.url).post("/login", json=right), 200)


def test_after_30_shares_a_reader_has_to_wait(face: Face, reader: Reader, other: Reader, post: str) -> None:
    fields = {"to": f"{new_word()}@example.org", "note": ""}
    began = time.monotonic()
    for _ in range(LIMIT):
        expect(reader.post(f"/posts/{post}/share", json=fields), 201)
    response = reader.post(f"/posts/{post}/share", json=fields)
    skip_if_over(began, "shares")
    expect_retry_after(response, 429)
    expect(reader.put(f"/posts/{post}/like"), 200)
    expect(other.post(f"/posts/{post}/share", json=fields), 201)
    assert reader.json("/me")["counts"]["shares"] == LIMIT


def test_shares_that_were_refused_do_not_count(face: Face, post: str) -> None:
    reader = new_reader(face.url)
    for _ in range(LIMIT + 2):
        expect_error(reader.post(f"/posts/{post}/share", json={"to": "nobody"}), 422)
    expect(reader.post(f"/posts/{post}/share", json={"to": f"{new_word()}@example.org"}), 201)
