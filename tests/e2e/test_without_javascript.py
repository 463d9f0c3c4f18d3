"""Reading, searching, signing in and sharing with JavaScript switched off."""

import pytest
from playwright.sync_api import expect

from tests.e2e.posts import shelve, shelved, submission
from tests.e2e.site import Site
from tests.e2e.visitor import Visitor
from tests.e2e.watch import brightness, picture
from tests.support.submission import new_word

pytestmark = [pytest.mark.browser, pytest.mark.browser_options(java_script_enabled=False)]

TWELVE, ONE = shelved(12), new_word()

shelve(submission(f"{ONE} plain"))


def test_reading_searching_and_paging_need_no_script(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    page.get_by_label("Search titles and texts").fill(TWELVE)
    page.keyboard.press("Enter")
    expect(visitor.posts).to_have_count(12)
    page.goto(f"/search?q={TWELVE}&max_results=5")
    seen = visitor.ids()
    page.get_by_role("link", name="More matches").click()
    seen += visitor.ids()
    page.get_by_role("link", name="More matches").click()
    seen += visitor.ids()
    expect(page.get_by_role("link", name="More matches")).to_have_count(0)
    assert len(seen) == len(set(seen)) == 12
    page.get_by_role("link", name="Better matches").click()
    assert visitor.ids() == seen[5:10]
    picture(page, "plain-search", whole=True)
    page.get_by_role("link", name=f"{TWELVE} number", exact=False).first.click()
    expect(page.get_by_text("In two paragraphs.")).to_be_visible()
    page.get_by_role("link", name="Recommended", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recommended")


def test_a_member_can_do_all_but_mark(site: Site, visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.page
    expect(page.locator("noscript p")).to_be_visible()
    expect(page.locator("noscript p")).to_contain_text("Tagging, liking and hiding need JavaScript")
    for name in ("Like", "Hide", "Tag"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)

    visitor.search(ONE)
    visitor.post(f"{ONE} plain").get_by_role("link", name="Share").click()
    picture(page, "plain-post", whole=True)
    main = page.get_by_role("main")
    main.get_by_label("To").fill(f"{ONE}@example.org")
    main.get_by_label("Note").fill("Two lines,\nno script.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent")
    expect(page.get_by_text(f"{ONE}@example.org")).to_be_visible()
    assert "no script." in site.mail.only_one_to(f"{ONE}@example.org")["Text"]
    page.get_by_role("link", name="Back to the post").click()

    main.get_by_label("To").fill(f"{ONE}@nowhere")
    main.get_by_label("Note").fill("Kept as it was.")
    page.get_by_role("button", name="Send").click()
    visitor.watch.allow("422")
    expect(main.get_by_label("To")).to_have_attribute("aria-invalid", "true")
    expect(main.get_by_label("To")).to_have_value(f"{ONE}@nowhere")
    expect(main.get_by_label("Note")).to_have_value("Kept as it was.")
    picture(page, "plain-share-refused")

    page.goto("/tags")
    expect(page.get_by_text("You have no tags yet")).to_be_visible()

    marks = {"X-CSRFToken": page.locator("meta[name=csrf-token]").get_attribute("content") or ""}
    post_id = visitor.search(ONE).first.get_attribute("data-post")
    for path in ("hide", "tags/a-tag"):
        assert visitor.context.request.put(f"/posts/{post_id}/{path}", headers=marks).ok
    page.goto("/me")
    page.get_by_role("link", name="1 hidden").click()
    picture(page, "plain-hidden")
    room = page.locator(".chip a").evaluate("each => getComputedStyle(each).paddingRight")
    assert room == page.locator(".chip a").evaluate("each => getComputedStyle(each).paddingLeft")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("You have hidden no posts")).to_be_visible()
    expect(visitor.search(ONE)).to_have_count(1)
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("banner").get_by_role("link", name="Sign in").click()
    visitor.sign_in()
    expect(page.get_by_role("banner")).to_contain_text(visitor.username)


@pytest.mark.browser_options(java_script_enabled=False, color_scheme="dark")
def test_dark_mode_needs_no_script(visitor: Visitor) -> None:
    visitor.page.goto("/login")
    assert brightness(picture(visitor.page, "plain-dark")) < 60
