"""Browsers: forms, the session cookie, and what guards it."""

import pytest

from tests.contract.face import Face
from tests.support.answers import expect, expect_error, told
from tests.support.browser import COOKIE, Browser, parse
from tests.support.client import PASSWORD, Client, Reader, new_name
from tests.support.corpus import Corpus

AWAY = (
    *(
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "/\t/evil.example",
    ),
    *(
        "http:evil.example",
        "javascript:alert(1)",
        "http:///evil.example",
        "https:/evil.example",
        "//evil.example/%2f..",
    ),
    *(
        "/\n/evil.example",
        "evil.example",
        "/%0d%0aSet-Cookie:%20a=b\r\nX: y",
        " //evil.example",
        "//[evil",
        "/\x00//evil",
    ),
)
ANONYMOUS = ("/", "/search?q=stone", "/recommended", "/posts/{id}", "/health/live", "/nothing", "/?page=0")


def flags(header: str) -> set[str]:
    return {part.strip().lower() for part in header.split(";")[1:]}


def signed_in(browser: Browser) -> bool:
    return browser.get("/me").status_code == 200


def test_signing_up_signs_in_and_leads_home(browser: Browser) -> None:
    answer = browser.sign_up()
    assert browser.leads_to(answer) == "/"
    assert browser.username in browser.page("/me").get_text()


def test_the_cookie_is_for_this_site_and_no_script(browser: Browser, regular: Reader) -> None:
    answer = expect(browser.sign_in(regular.username), 303)
    header = answer.headers["Set-Cookie"]
    assert header.startswith(f"{COOKIE}=")
    assert {"httponly", "samesite=lax", "path=/"} <= flags(header)
    assert not any(flag.startswith("domain") for flag in flags(header))


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", ANONYMOUS)
def test_visitors_get_no_cookie(visitor: Client, corpus: Corpus, path: str, accept: str) -> None:
    answer = visitor.get(path.format(id=corpus.rich[0].post_id), headers={"Accept": accept})
    assert "Set-Cookie" not in answer.headers, told(answer)


def test_programs_get_no_cookie(regular: Reader, post: str) -> None:
    answers = [regular.get("/"), regular.get("/me"), regular.put(f"/posts/{post}/like")]
    assert not [answer for answer in answers if "Set-Cookie" in answer.headers]


def test_the_session_changes_its_name_at_sign_in(face: Face, browser: Browser, regular: Reader) -> None:
    browser.page("/login")
    before = browser.cookie
    expect(browser.sign_in(regular.username), 303)
    assert browser.cookie not in (before, None)
    planted = Browser(face.url)
    planted.session.cookies.set(COOKIE, before)
    assert not signed_in(planted)


def test_a_name_planted_from_outside_is_not_taken(browser: Browser, regular: Reader) -> None:
    browser.session.cookies.set(COOKIE, "planted", domain="127.0.0.1", path="/")
    browser.page("/login")
    expect(browser.sign_in(regular.username), 303)
    assert "planted" not in [cookie.value for cookie in browser.session.cookies]


def test_signing_out_ends_the_session_everywhere(face: Face, member: Browser) -> None:
    kept = member.cookie
    answer = expect(member.post("/logout", data={"csrf_token": member.form_token("/")}), 303)
    assert member.leads_to(answer) == "/"
    assert not signed_in(member)
    thief = Browser(face.url)
    thief.session.cookies.set(COOKIE, kept)
    assert not signed_in(thief)


@pytest.mark.parametrize(
    "value", ["", "a", "a" * 4000, "%00", "../../x", '{"$gt":""}', "é".encode().decode("latin-1")]
)
def test_a_strange_cookie_is_nobody(browser: Browser, value: str) -> None:
    headers = {"Cookie": f"{COOKIE}={value}".encode("latin-1")}
    expect(browser.get("/", headers=headers), 200)
    assert browser.get("/me", headers=headers).status_code in (302, 303)


@pytest.mark.parametrize("path", ["/me", "/tags", "/tags/river?page=2"])
def test_a_visitor_is_led_to_the_form_and_back(browser: Browser, regular: Reader, path: str) -> None:
    answer = expect(browser.get(path), 302, 303)
    form = browser.leads_to(answer)
    assert form.startswith("/login?next=")
    page = browser.page(form)
    fields = {each["name"]: each.get("value", "") for each in page.select("main form input[name]")}
    fields.update(username=regular.username, password=PASSWORD)
    done = expect(browser.post(page.select_one("main form")["action"], data=fields), 303)
    assert browser.leads_to(done) == path


@pytest.mark.parametrize("target", AWAY)
def test_nobody_is_led_away(browser: Browser, regular: Reader, target: str) -> None:
    in_form = expect(browser.sign_in(regular.username, next=target), 303)
    browser.leads_to(in_form)
    assert "evil" not in in_form.headers["Location"] or browser.leads_to(in_form).startswith("/")
    page = browser.get("/login", params={"next": target})
    for field in parse(page).select("input[name=next]"):
        assert not field["value"].startswith(("//", "/\\", "http", "javascript"))


@pytest.mark.parametrize("path", ["/login", "/signup"])
@pytest.mark.parametrize("token", [None, "", "wrong", "a.b.c"])
def test_forms_need_their_token(browser: Browser, path: str, token: str | None) -> None:
    browser.page(path)
    fields = {
        "username": new_name(),
        "password": PASSWORD,
        **({} if token is None else {"csrf_token": token}),
    }
    expect(browser.post(path, data=fields), 403)
    assert not signed_in(browser)


def test_a_token_is_good_for_its_own_session_only(face: Face, member: Browser, post: str) -> None:
    strangers = Browser(face.url).form_token()
    answer = member.put(
        f"/posts/{post}/like", headers={"X-CSRFToken": strangers, "Accept": "application/json"}
    )
    expect_error(answer, 403)


@pytest.mark.parametrize("verb", ["like", "hide", "tags/x", "tags/NOT-A-TAG"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_writes_with_a_cookie_need_the_token(member: Browser, post: str, method: str, verb: str) -> None:
    headers = {"Accept": "application/json"}
    path = f"/posts/{post}/{verb}"
    expect_error(member.ask(method, path, headers=headers), 403)
    expect_error(member.ask(method, path, headers={**headers, "X-CSRFToken": "wrong"}), 403)
    done = member.ask(method, path, headers={**headers, "X-CSRFToken": member.page_token()})
    expect(done, 422 if "NOT" in verb else 200)


@pytest.mark.parametrize("path", ["/logout", "/posts/{id}/share"])
def test_posts_with_a_cookie_need_the_token(face: Face, member: Browser, post: str, path: str) -> None:
    address = path.format(id=post)
    expect(member.post(address, data={"to": "never@example.org", "note": ""}), 403)
    expect(
        member.post(address, json={"to": "never@example.org"}, headers={"Accept": "application/json"}), 403
    )
    assert signed_in(member)
    assert face.mail.all_to("never@example.org") == []


def test_a_stranger_without_a_session_is_asked_to_sign_in_first(browser: Browser, post: str) -> None:
    expect_error(browser.put(f"/posts/{post}/like", headers={"Accept": "application/json"}), 401)


def test_a_cookie_and_the_token_serve_programs_too(member: Browser, post: str) -> None:
    headers = {"X-CSRFToken": member.page_token(), "Accept": "application/json"}
    assert expect(member.put(f"/posts/{post}/like", headers=headers), 200).json()["liked"] is True
    assert expect(member.get("/me", headers={"Accept": "application/json"}), 200).json()["username"]


def test_a_bearer_token_beside_a_cookie_is_what_counts(member: Browser, other: Reader, post: str) -> None:
    headers = {"Authorization": f"Bearer {other.token}", "Accept": "application/json"}
    assert member.get("/me", headers=headers).json()["username"] == other.username
    expect(member.put(f"/posts/{post}/like", headers=headers), 200)
    expect_error(member.get("/me", headers={**headers, "Authorization": "Bearer wrong"}), 401)


def test_a_wrong_password_shows_the_form_again(browser: Browser, regular: Reader) -> None:
    answer = expect(browser.sign_in(regular.username, "not their password"), 401)
    page = parse(answer)
    assert page.select_one("form input[name=username]")["value"] == regular.username
    assert "not their password" not in answer.text
    assert not signed_in(browser)


def test_what_is_private_is_not_kept_by_others(member: Browser) -> None:
    for path in ("/", "/me", "/tags"):
        control = member.get(path).headers.get("Cache-Control", "")
        assert "private" in control or "no-store" in control
        assert "public" not in control
