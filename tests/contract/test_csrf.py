"""A write with a session cookie needs the CSRF token of the page; other writes do not."""

import pytest

from tests.contract.face import Face
from tests.support.browser import Browser
from tests.support.client import PASSWORD, Reader, new_name
from tests.support.responses import expect, expect_error

pytestmark = pytest.mark.face


@pytest.mark.parametrize("path", ["/login", "/signup"])
@pytest.mark.parametrize("token", [None, "", "wrong", "a.b.c"])
def test_form_needs_its_csrf_token(browser: Browser, path: str, token: str | None) -> None:
    browser.page(path)
    fields = {
        "username": new_name(),
        "password": PASSWORD,
        **({} if token is None else {"csrf_token": token}),
    }
    expect(browser.post(path, data=fields), 403)
    assert browser.get("/me").status_code != 200


def test_csrf_token_is_valid_for_its_own_session_only(face: Face, member: Browser, post: str) -> None:
    strangers = Browser(face.url).form_token()
    response = member.put(
        f"/posts/{post}/like", headers={"X-CSRFToken": strangers, "Accept": "application/json"}
    )
    expect_error(response, 403)


@pytest.mark.parametrize("verb", ["like", "hide", "tags/x", "tags/NOT-A-TAG"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_write_with_a_cookie_needs_the_csrf_token(member: Browser, post: str, method: str, verb: str) -> None:
    headers = {"Accept": "application/json"}
    path = f"/posts/{post}/{verb}"
    expect_error(member.request(method, path, headers=headers), 403)
    expect_error(member.request(method, path, headers={**headers, "X-CSRFToken": "wrong"}), 403)
    done = member.request(method, path, headers={**headers, "X-CSRFToken": member.page_token()})
    expect(done, 422 if "NOT" in verb else 200)


@pytest.mark.parametrize("path", ["/logout", "/posts/{id}/share", "/posts/{id}/unhide"])
def test_post_request_with_a_cookie_needs_the_csrf_token(
    face: Face, member: Browser, post: str, path: str
) -> None:
    address = path.format(id=post)
    expect(member.post(address, data={"to": "never@example.org", "note": ""}), 403)
    expect(
        member.post(address, json={"to": "never@example.org"}, headers={"Accept": "application/json"}), 403
    )
    assert member.get("/me").status_code == 200
    assert face.mail.all_to("never@example.org") == []


def test_visitor_without_a_session_has_to_sign_in_first(browser: Browser, post: str) -> None:
    expect_error(browser.put(f"/posts/{post}/like", headers={"Accept": "application/json"}), 401)


def test_program_may_use_a_cookie_with_the_csrf_token(member: Browser, post: str) -> None:
    headers = {"X-CSRFToken": member.page_token(), "Accept": "application/json"}
    assert expect(member.put(f"/posts/{post}/like", headers=headers), 200).json()["liked"] is True
    assert expect(member.get("/me", headers={"Accept": "application/json"}), 200).json()["username"]


def test_bearer_token_takes_precedence_over_a_cookie(member: Browser, other: Reader, post: str) -> None:
    headers = {"Authorization": f"Bearer {other.token}", "Accept": "application/json"}
    assert member.get("/me", headers=headers).json()["username"] == other.username
    expect(member.put(f"/posts/{post}/like", headers=headers), 200)
    expect_error(member.get("/me", headers={**headers, "Authorization": "Bearer wrong"}), 401)
