"""Signing up: taken names, and the form."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.contract.face import Face
from tests.support.answers import expect, expect_issue, expect_message
from tests.support.browser import Browser
from tests.support.client import PASSWORD, Client, new_name, sign_in, sign_up


def test_a_taken_name_is_a_conflict(face: Face, visitor: Client) -> None:
    name = sign_up(face.url)
    taken = visitor.post("/signup", json={"username": name, "password": "another password"})
    expect_message(taken, 409, name)
    expect(visitor.post("/login", json={"username": name, "password": "another password"}), 401)
    assert sign_in(face.url, name)


def test_a_name_taken_by_many_at_once_has_one_owner(face: Face) -> None:
    name = new_name()

    def try_it(number: int) -> int:
        fields = {"username": name, "password": f"password number {number}"}
        return Client(face.url).post("/signup", json=fields).status_code

    with ThreadPoolExecutor(6) as pool:
        assert Counter(pool.map(try_it, range(6))) == {201: 1, 409: 5}


def test_the_form_tells_what_is_wrong_and_keeps_what_was_right(browser: Browser) -> None:
    answer = expect(browser.submit("/signup", {"username": "kept_name", "password": "short"}), 422)
    assert "kept_name" in answer.text
    assert "10 characters" in answer.text
    assert 'value="short"' not in answer.text


def test_the_form_says_when_a_name_is_taken(face: Face, browser: Browser) -> None:
    name = sign_up(face.url)
    answer = expect(browser.submit("/signup", {"username": name, "password": PASSWORD}), 409)
    assert "taken" in answer.text


def test_an_address_left_empty_in_the_form_is_none(browser: Browser) -> None:
    name = new_name()
    expect(browser.submit("/signup", {"username": name, "password": PASSWORD, "email": ""}), 303)
    assert name in browser.page("/me").get_text()


def test_a_refused_address_is_told_why(visitor: Client) -> None:
    fields = {"username": new_name(), "password": PASSWORD, "email": "a@office"}
    answer = visitor.post("/signup", json=fields)
    expect_issue(answer, "email")
    assert "should have a period" in answer.json()["_issues"]["email"]
