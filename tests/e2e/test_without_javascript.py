"""Reading, searching, signing in and sharing with JavaScript switched off."""

import pytest
from playwright.sync_api import expect

from tests.e2e.posts import new_word, submission, submissions
from tests.e2e.site import Site
from tests.e2e.visitor import Visitor
from tests.e2e.watch import brightness, picture

pytestmark = [pytest.mark.browser, pytest.mark.browser_options(java_script_enabled=False)]


def test_reading_searching_and_paging(site: Site, visitor: Visitor) -> None:
    word = new_word()
    site.load(submissions(12, word), word)
    page = visitor.page
    page.goto("/")
    page.get_by_label("Search titles and texts").fill(word)
    page.keyboard.press("Enter")
    expect(visitor.posts).to_have_count(12)
    page.goto(f"/search?q={word}&max_results=5")
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
    page.get_by_role("link", name=f"{word} number", exact=False).first.click()
    expect(page.get_by_text("In two paragraphs.")).to_be_visible()
    page.get_by_role("link", name="Recommended", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recommended")


def test_a_member_can_do_all_but_mark(site: Site, visitor: Visitor) -> None:
    word = new_word()
    site.load([submission(f"{word} plain")], word)
    visitor.sign_up()
    page = visitor.page
    expect(page.get_by_text("Tagging, liking and hiding need JavaScript")).to_be_visible()
    for name in ("Like", "Hide", "Tag"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)

    visitor.search(word)
    visitor.post(f"{word} plain").get_by_role("link", name="Share").click()
    picture(page, "plain-post", whole=True)
    page.get_by_label("To").fill(f"{word}@example.org")
    page.get_by_label("Note").fill("Two lines,\nno script.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sent")
    expect(page.get_by_text(f"{word}@example.org")).to_be_visible()
    assert "no script." in site.mail_to(f"{word}@example.org")["Text"]
    page.get_by_role("link", name="Back to the post").click()

    page.get_by_label("To").fill(f"{word}@nowhere")
    page.get_by_label("Note").fill("Kept as it was.")
    page.get_by_role("button", name="Send").click()
    visitor.watch.allow("422")
    expect(page.get_by_label("To")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("To")).to_have_value(f"{word}@nowhere")
    expect(page.get_by_label("Note")).to_have_value("Kept as it was.")
    picture(page, "plain-share-refused")

    page.goto("/tags")
    expect(page.get_by_text("You have no tags yet")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("banner").get_by_role("link", name="Sign in").click()
    visitor.sign_in()
    expect(page.get_by_role("banner")).to_contain_text(visitor.username)


@pytest.mark.browser_options(java_script_enabled=False, color_scheme="dark")
def test_dark_needs_no_script(visitor: Visitor) -> None:
    visitor.page.goto("/login")
    picture(visitor.page, "plain-dark")
    shot = visitor.page.screenshot()
    assert brightness(shot) < 60
