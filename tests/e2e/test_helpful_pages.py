"""Pages that show nothing or refuse a request say what to do next."""

import pytest
from playwright.sync_api import expect

from tests.e2e.posts import shelve, submission
from tests.e2e.visitor import Visitor
from tests.e2e.watch import picture
from tests.support.submission import new_word

WORD = new_word()
shelve(submission(f"{WORD} & more"))
pytestmark = pytest.mark.browser


def test_search_without_results_suggests_other_words(visitor: Visitor) -> None:
    word = new_word()
    visitor.search(f"<u>{word}")
    expect(visitor.page.get_by_role("heading", name=f"Nothing found for “<u>{word}”")).to_be_visible()
    expect(visitor.page.get_by_text("Try fewer or other words")).to_be_visible()
    expect(visitor.page.get_by_label("Search titles and texts")).to_have_value(f"<u>{word}")


def test_not_found_page_links_to_the_newest_posts(visitor: Visitor) -> None:
    visitor.watch.allow("404")
    for path in ("/nowhere", "/posts/t3_0000000"):
        response = visitor.page.goto(path)
        assert response is not None and response.status == 404
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Not Found")
        visitor.page.get_by_role("main").get_by_role("link", name="Newest posts").click()
        expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Newest posts")


def test_refused_query_is_explained(visitor: Visitor) -> None:
    visitor.watch.allow("400")
    visitor.page.goto("/?page=0")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Bad Request")
    expect(visitor.page.get_by_role("main")).to_contain_text("page")


def test_page_past_the_end_links_to_the_first(visitor: Visitor) -> None:
    visitor.page.goto(f"/search?q={WORD}+%26+more&page=7")
    expect(visitor.page.get_by_role("heading", name="This page is past the end")).to_be_visible()
    visitor.page.get_by_role("link", name="Go to the first page").click()
    expect(visitor.post(f"{WORD} & more")).to_have_count(1)


def test_invalid_sign_up_marks_the_fields(visitor: Visitor) -> None:
    visitor.watch.allow("422", "409", "401")
    page = visitor.page
    page.goto("/signup")
    expect(page.get_by_text("3 to 30 of a–z, 0–9 and _.")).to_be_visible()
    page.locator("form[action='/signup']").evaluate("form => { form.noValidate = true; }")
    page.get_by_label("Username").fill("No Good")
    page.get_by_label("Password").fill("short")
    page.get_by_label("Mail").fill("nobody")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    for label in ("Username", "Password", "Mail"):
        expect(page.get_by_label(label)).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Username")).to_have_value("No Good")
    expect(page.get_by_label("Password")).to_have_value("")
    picture(page, "sign-up-refused")

    visitor.sign_up()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/signup")
    page.get_by_label("Username").fill(visitor.username)
    page.get_by_label("Password").fill("another good one")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_label("Username")).to_have_attribute("aria-invalid", "true")

    page.goto("/login")
    page.get_by_label("Username").fill(visitor.username)
    page.get_by_label("Password").fill("not the right one")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("Username")).to_have_value(visitor.username)


def test_signing_in_leads_back_to_the_page(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.page
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"/search?q={WORD}+%26+more")
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    visitor.sign_in()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Posts about “{WORD} & more”")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("banner").get_by_role("link", name="Tags").click()
    visitor.sign_in()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your tags")


def test_invalid_tag_is_marked_and_explained(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.watch.allow("422")
    post = visitor.search(WORD).first
    post.get_by_role("button", name="Tag", exact=True).click()
    field = post.get_by_label("New tag")
    field.fill("-ü")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(post.get_by_text("That is no tag.")).to_be_visible()
    field.press("a")
    expect(field).to_have_attribute("aria-invalid", "false")

    token = visitor.page.locator("meta[name=csrf-token]").get_attribute("content") or ""
    address = f"/posts/{post.get_attribute('data-post')}/tags/"
    for number in range(50):
        kept = visitor.context.request.put(f"{address}n{number}", headers={"X-CSRFToken": token})
        assert kept.ok, kept.text()
    field.fill("one-more")
    field.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(post.locator(".tag-hint.is-issue")).to_contain_text("50")
    picture(visitor.page, "tags-full")
