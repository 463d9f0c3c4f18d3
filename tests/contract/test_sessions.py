"""Browsers: forms, the session cookie, and its protection."""

import pytest

from tests.contract.face import Face
from tests.support.browser import Browser, parse
from tests.support.client import PASSWORD, Client, Reader
from tests.support.corpus import Corpus
from tests.support.responses import describe, expect

OTHER_SITES = (
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
    response = browser.sign_up()
    assert browser.leads_to(response) == "/"
    assert browser.username in browser.page("/me").get_text()


def test_cookie_is_for_this_site_only_and_hidden_from_scripts(browser: Browser, regular: Reader) -> None:
    response = expect(browser.sign_in(regular.username), 303)
    header = response.headers["Set-Cookie"]
    assert header.startswith(f"{browser.cookie_name}=")
    assert {"httponly", "samesite=lax", "path=/"} <= flags(header)
    assert not any(flag.startswith("domain") for flag in flags(header))


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", ANONYMOUS)
def test_visitors_get_no_cookie(visitor: Client, corpus: Corpus, path: str, accept: str) -> None:
    response = visitor.get(path.format(id=corpus.rich[0].post_id), headers={"Accept": accept})
    assert "Set-Cookie" not in response.headers, describe(response)


def test_programs_get_no_cookie(regular: Reader, post: str) -> None:
    responses = [regular.get("/"), regular.get("/me"), regular.put(f"/posts/{post}/like")]
    assert not [response for response in responses if "Set-Cookie" in response.headers]


def test_session_id_changes_at_sign_in(face: Face, browser: Browser, regular: Reader) -> None:
    browser.page("/login")
    before = browser.cookie
    expect(browser.sign_in(regular.username), 303)
    assert browser.cookie not in (before, None)
    planted = Browser(face.url)
    planted.session.cookies.set(browser.cookie_name, str(before))
    assert not signed_in(planted)


def test_session_id_from_outside_is_not_accepted(browser: Browser, regular: Reader) -> None:
    browser.page("/login")
    browser.session.cookies.set(browser.cookie_name, "planted", domain="127.0.0.1", path="/")
    browser.page("/login")
    expect(browser.sign_in(regular.username), 303)
    assert "planted" not in [cookie.value for cookie in browser.session.cookies]


def test_signing_out_ends_the_session_everywhere(face: Face, member: Browser) -> None:
    kept, name = member.cookie, member.cookie_name
    response = expect(member.post("/logout", data={"csrf_token": member.form_token("/")}), 303)
    assert member.leads_to(response) == "/"
    assert not signed_in(member)
    thief = Browser(face.url)
    thief.session.cookies.set(name, str(kept))
    assert not signed_in(thief)


@pytest.mark.parametrize(
    "value", ["", "a", "a" * 4000, "%00", "../../x", '{"$gt":""}', "é".encode().decode("latin-1")]
)
def test_unknown_cookie_makes_nobody_a_reader(browser: Browser, value: str) -> None:
    browser.page("/login")
    headers = {"Cookie": f"{browser.cookie_name}={value}".encode("latin-1")}
    expect(browser.get("/", headers=headers), 200)
    assert browser.get("/me", headers=headers).status_code in (302, 303)


@pytest.mark.parametrize("path", ["/me", "/tags", "/tags/river?page=2", "/likes", "/hidden"])
def test_visitor_is_redirected_to_the_form_and_back(browser: Browser, regular: Reader, path: str) -> None:
    response = expect(browser.get(path), 302, 303)
    form = browser.leads_to(response)
    assert form.startswith("/login?next=")
    page = browser.page(form)
    fields = {each["name"]: each.get("value", "") for each in page.select("main form input[name]")}
    fields.update(username=regular.username, password=PASSWORD)
    done = expect(browser.post(page.select_one("main form")["action"], data=fields), 303)
    assert browser.leads_to(done) == path


@pytest.mark.parametrize("target", OTHER_SITES)
def test_redirects_never_leave_the_site(browser: Browser, regular: Reader, target: str) -> None:
    in_form = expect(browser.sign_in(regular.username, next=target), 303)
    browser.leads_to(in_form)
    assert "evil" not in in_form.headers["Location"] or browser.leads_to(in_form).startswith("/")
    page = browser.get("/login", params={"next": target})
    for field in parse(page).select("input[name=next]"):
        assert not field["value"].startswith(("//", "/\\", "http", "javascript"))


def test_a_wrong_password_shows_the_form_again(browser: Browser, regular: Reader) -> None:
    response = expect(browser.sign_in(regular.username, "not their password"), 401)
    page = parse(response)
    assert page.select_one("form input[name=username]")["value"] == regular.username
    assert "not their password" not in response.text
    assert not signed_in(browser)


def test_private_pages_are_not_cached(member: Browser) -> None:
    for path in ("/", "/me", "/tags"):
        control = member.get(path).headers.get("Cache-Control", "")
        assert "private" in control or "no-store" in control
        assert "public" not in control
