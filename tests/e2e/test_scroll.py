"""Lists that grow while a reader scrolls."""

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.posts import shelved, submissions
from tests.e2e.site import Site
from tests.e2e.visitor import PATIENCE, Visitor, visiting
from tests.e2e.watch import picture
from tests.support.eventually import eventually
from tests.support.submission import new_word

pytestmark = pytest.mark.browser
SEVENTY, FORTY, SIXTY = shelved(70), shelved(40), shelved(60)
shelved(30, created=1_800_000_000)  # newer than all others
END = "That is all."
LOOK_MILLISECONDS = 1_000
HAS_COME_TO_REST = "() => { const was = window.was; window.was = scrollY; return was === scrollY; }"


def press_end_until(there: Locator) -> None:
    """Press the key End until `there` is on the page.

    A key that comes before what was added is laid out leads to where the end has been.
    """

    def pressed() -> None:
        there.page.keyboard.press("End")
        assert there.count()

    eventually(pressed, PATIENCE / 1000)


def press_end_until_seen(there: Locator) -> None:
    """Press the key End until `there` is in the viewport."""

    def pressed() -> None:
        there.page.keyboard.press("End")
        expect(there).to_be_in_viewport(timeout=LOOK_MILLISECONDS)

    eventually(pressed, PATIENCE / 1000)


def scroll_to_the_end(visitor: Visitor) -> None:
    end = visitor.page.get_by_text(END)
    while not end.is_visible():
        before = visitor.posts.count()
        press_end_until(visitor.posts.nth(before).or_(end))


def test_scrolling_loads_the_next_pages(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"/search?q={SEVENTY}&max_results=10")
    page.wait_for_load_state("networkidle")
    first = visitor.ids()
    assert len(first) < 70, "the whole list was fetched before anybody scrolled"

    link = visitor.posts.nth(3).get_by_role("heading").get_by_role("link")
    link.focus()
    page.mouse.wheel(0, 900)
    expect(visitor.posts.nth(len(first))).to_be_attached()
    expect(link).to_be_focused()
    assert visitor.ids()[: len(first)] == first, "what was there moved"
    page.wait_for_function(HAS_COME_TO_REST, polling=200)
    where = page.evaluate("scrollY")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("scrollY") == where, "the page moved under the reader"
    assert page.url.endswith(f"/search?q={SEVENTY}&max_results=10")

    scroll_to_the_end(visitor)
    ids = visitor.ids()
    assert len(ids) == len(set(ids)) == 70
    picture(page, "scroll-end")


def test_after_ten_pages_a_button_loads_more_so_that_the_footer_can_be_reached(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"/search?q={SEVENTY}&max_results=5")
    more = page.get_by_role("button", name="Load more")
    while not more.is_visible():
        before = visitor.posts.count()
        press_end_until(visitor.posts.nth(before).or_(more))
    assert visitor.posts.count() == 55
    press_end_until_seen(page.get_by_role("contentinfo").get_by_role("link", name="API"))
    assert visitor.posts.count() == 55
    more.click()
    scroll_to_the_end(visitor)
    assert visitor.posts.count() == 70


def test_post_on_two_pages_is_shown_once(site: Site, visitor: Visitor) -> None:
    later = new_word()
    page = visitor.page
    page.goto("/?max_results=20")
    page.wait_for_load_state("networkidle")
    before = visitor.ids()
    site.load(submissions(5, later, created=1_800_000_001), later)  # pushes the last five onto the next page
    press_end_until(visitor.posts.nth(len(before)))
    ids = visitor.ids()
    assert len(ids) == len(set(ids))
    assert ids[: len(before)] == before


def test_hiding_posts_loses_none_of_the_next_page(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.page
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto(f"/search?q={FORTY}&max_results=20")
    for at in (0, 1, 2):
        visitor.posts.nth(at).get_by_role("button", name="Hide").click()
        expect(visitor.posts.nth(at).get_by_role("button", name="Undo")).to_be_focused()
        expect(visitor.posts.nth(at).locator("[aria-busy]")).to_have_count(0)
    scroll_to_the_end(visitor)
    assert len(set(visitor.ids())) == 40


def test_a_lost_connection_offers_a_button(visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"/search?q={SIXTY}&max_results=10")
    page.wait_for_load_state("networkidle")
    before = visitor.posts.count()
    visitor.context.set_offline(True)
    visitor.watch.allow("ERR_INTERNET_DISCONNECTED")
    more = page.get_by_role("button", name="Load more")
    press_end_until(more)
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    picture(page, "scroll-offline")
    assert visitor.posts.count() == before
    visitor.context.set_offline(False)
    more.click()
    expect(visitor.posts.nth(before)).to_be_attached()
    expect(more).to_have_count(0)
    scroll_to_the_end(visitor)
    assert len(set(visitor.ids())) == 60


def test_back_button_restores_the_list_and_updates_the_post(windowed_chromium: Browser, site: Site) -> None:
    with visiting(windowed_chromium, site.url) as visitor:
        check_way_back(visitor)


def check_way_back(visitor: Visitor) -> None:
    visitor.sign_up()
    page = visitor.page
    page.goto(f"/search?q={SEVENTY}&max_results=20")
    press_end_until(visitor.posts.nth(30))
    page.wait_for_load_state("networkidle")
    before = visitor.ids()
    link = visitor.posts.nth(25).get_by_role("heading").get_by_role("link")
    link.click()
    page.wait_for_url("**/posts/*")
    page.get_by_role("button", name="Like").click()
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("New tag").fill("seen")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("listitem")).to_have_text(["#seen"])
    page.evaluate("history.back()")  # go_back() waits for a load, and there is none
    page.wait_for_url("**/search?*", wait_until="commit")
    post = visitor.posts.nth(25)
    expect(post.get_by_role("listitem")).to_have_text(["#seen"])
    expect(post.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
    expect(post.get_by_role("button", name="Like")).to_have_text("Like 1")
    expect(link).to_be_in_viewport()
    assert visitor.ids()[: len(before)] == before
