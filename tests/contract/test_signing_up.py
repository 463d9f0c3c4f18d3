"""Signing up: taken names, and the form."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.contract.face import Face
from tests.support.browser import Browser
from tests.support.client import PASSWORD, Client, new_name, sign_in, sign_up
from tests.support.responses import expect, expect_issue, expect_message


def test_a_taken_name_is_a_conflict(face: Face, visitor: Client) -> None:
    name = sign_up(face.url)
    taken = visitor.post("/signup", json={"username": name, "password": "another password"})
    expect_message(taken, 409, name)
    expect(visitor.post("/login", json={"username": name, "password": "another password"}), 401)
    assert sign_in(face.url, name)


def test_a_name_taken_by_many_at_once_has_one_owner(face: Face) -> None:
    name = new_name()

    def sign_up_as(number: int) -> int:
        fields = {"username": name, "password": f"password number {number}"}
        return Client(face.url).post("/signup", json=fields).status_code

    with ThreadPoolExecutor(6) as pool:
        assert Counter(pool.map(sign_up_as, range(6))) == {201: 1, 409: 5}


def test_form_shows_the_error_and_keeps_valid_fields(browser: Browser) -> None:
    response = expect(browser.submit("/signup", {"username": "kept_name", "password": "short"}), 422)
    assert "kept_name" in response.text
    assert "10 characters" in response.text
    assert 'value="short"' not in response.text


def test_the_form_says_when_a_name_is_taken(face: Face, browser: Browser) -> None:
    name = sign_up(face.url)
    response = expect(browser.submit("/signup", {"username": name, "password": PASSWORD}), 409)
    assert "taken" in response.text


def test_empty_address_in_the_form_means_no_address(browser: Browser) -> None:
    name = new_name()
    expect(browser.submit("/signup", {"username": name, "password": PASSWORD, "email": ""}), 303)
    assert name in browser.page("/me").get_text()


def test_refused_address_comes_with_the_reason(visitor: Client) -> None:
    fields = {"username": new_name(), "password": PASSWORD, "email": "a@office"}
    response = visitor.post("/signup", json=fields)
    expect_issue(response, "email")
    assert "should have a period" in response.json()["_issues"]["email"]
