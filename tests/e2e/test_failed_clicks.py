"""What a reader sees when a click fails: the page reports it and shows the true state."""

from itertools import cycle

import pytest
from playwright.sync_api import Locator, Request, expect

from tests.e2e.posts import shelved
from tests.e2e.visitor import Visitor
from tests.e2e.watch import picture

pytestmark = [pytest.mark.browser, pytest.mark.face]
PAIRS = cycle([shelved(2) for _ in range(4)])


@pytest.fixture
def post(visitor: Visitor) -> Locator:
    """The first of two posts on a member's page; it carries one tag."""
    visitor.sign_up()
    first = visitor.search(next(PAIRS)).first
    first.get_by_role("button", name="Tag", exact=True).click()
    first.get_by_label("New tag").fill("kept")
    first.get_by_role("button", name="Add").click()
    expect(first.get_by_role("listitem")).to_have_text(["#kept"])
    return first


def expect_unchanged(visitor: Visitor, post: Locator) -> None:
    """Expect the post to be unliked, unhidden and tagged `kept`."""
    for name in ("Like", "Hide"):
        button = post.get_by_role("button", name=name)
        expect(button).to_have_attribute("aria-pressed", "false")
        expect(button).to_be_enabled()
    expect(post.get_by_role("listitem")).to_have_text(["#kept"])


def expect_all_verbs_to_fail(visitor: Visitor, post: Locator, why: str) -> None:
    """Try each verb: it fails, says why, and leaves the post unchanged."""
    post.get_by_role("button", name="Like").click()
    expect(visitor.message()).to_contain_text("Not liked")
    expect(visitor.message()).to_contain_text(why)
    expect_unchanged(visitor, post)
    post.get_by_role("button", name="Hide").click()
    expect(visitor.message()).to_contain_text("Not hidden")
    expect_unchanged(visitor, post)
    post.get_by_role("button", name="Remove the tag kept").click()
    expect(visitor.message()).to_contain_text("Tag not removed")
    expect_unchanged(visitor, post)
    post.get_by_label("New tag").fill("lost")
    post.get_by_role("button", name="Add").click()
    expect(visitor.message()).to_contain_text("Not tagged")
    expect_unchanged(visitor, post)
    expect(post.get_by_label("New tag")).to_have_value("lost")


def test_verbs_fail_offline_and_change_nothing(visitor: Visitor, post: Locator) -> None:
    visitor.watch.allow("ERR_INTERNET_DISCONNECTED")
    visitor.context.set_offline(True)
    expect_all_verbs_to_fail(visitor, post, "the server cannot be reached")
    post.get_by_role("link", name="Share").click()
    dialog = visitor.page.get_by_role("dialog")
    dialog.get_by_label("To").fill("friend@example.org")
    dialog.get_by_role("button", name="Send").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Not sent: The server cannot be reached.")
    expect(dialog.get_by_label("To")).to_have_value("friend@example.org")
    picture(visitor.page, "failure-offline")
    visitor.context.set_offline(False)
    dialog.get_by_role("button", name="Cancel").click()
    post.get_by_role("button", name="Like").click()
    expect(post.get_by_role("button", name="Like").locator("[data-count]")).to_have_text("1")


def test_verbs_fail_after_signing_out_in_another_tab(visitor: Visitor, post: Locator) -> None:
    visitor.watch.allow("401")
    other = visitor.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()
    other.close()
    expect_all_verbs_to_fail(visitor, post, "you are signed out")
    picture(visitor.page, "failure-signed-out")
    where = visitor.page.url
    visitor.message().get_by_role("link", name="Sign in").click()
    visitor.sign_in()
    expect(visitor.page).to_have_url(where)
    expect(visitor.posts.first.get_by_role("listitem")).to_have_text(["#kept"])


def test_verbs_fail_on_a_page_with_an_old_csrf_token(visitor: Visitor, post: Locator) -> None:
    visitor.watch.allow("403")
    visitor.page.locator("meta[name=csrf-token]").evaluate("meta => { meta.content = 'stale'; }")
    expect_all_verbs_to_fail(visitor, post, "this page is out of date")
    visitor.message().get_by_role("link", name="Reload").click()
    expect(visitor.message()).to_have_count(0)
    visitor.page.wait_for_load_state()
    expect_unchanged(visitor, visitor.posts.first)
    visitor.posts.first.get_by_role("button", name="Like").click()
    expect(visitor.posts.first.locator("[data-count]").first).to_have_text("1")


def test_last_of_several_quick_clicks_counts(visitor: Visitor, post: Locator) -> None:
    like = post.get_by_role("button", name="Like")
    under_way, most = set[Request](), 0

    def count(request: Request) -> None:
        nonlocal most
        if request.method != "GET":
            under_way.add(request)
            most = max(most, len(under_way))

    def uncount(request: Request) -> None:
        under_way.discard(request)

    visitor.page.on("request", count)
    visitor.page.on("requestfinished", uncount)
    like.evaluate("button => { for (let click = 0; click < 5; click += 1) button.click(); }")
    expect(like.locator("[data-count]")).to_have_text("1")
    expect(like).not_to_have_attribute("aria-busy", "true")
    expect(visitor.page.locator("#announcer")).to_have_text("Liked. 1 like.")
    assert most == 1, "commands overtook each other"
    assert visitor.stored(post.get_attribute("data-post") or "")["liked"] is True
