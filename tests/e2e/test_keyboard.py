"""Everything can be done by keyboard alone."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.posts import shelved
from tests.e2e.visitor import Visitor
from tests.e2e.watch import picture

pytestmark = pytest.mark.browser
FOUR, TWO = shelved(4), shelved(2)
OUTLINE = """() => {
  const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
}"""


def titled(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def test_single_keys_work_on_posts(visitor: Visitor) -> None:
    visitor.sign_up()
    page, keys = visitor.page, visitor.page.keyboard
    keys.press("/")
    keys.type(FOUR)
    keys.press("Enter")
    expect(visitor.posts).to_have_count(4)
    page.wait_for_load_state()
    titles = visitor.posts.get_by_role("heading").all_text_contents()
    for key, at in (("j", 0), ("j", 1), ("j", 2), ("k", 1), ("k", 0), ("k", 0)):
        keys.press(key)
        assert titled(page) == titles[at]
        assert page.evaluate(OUTLINE), "the focus is not to be seen"
    picture(page, "keyboard-focus")

    post = visitor.posts.first
    keys.press("l")
    expect(post.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")
    keys.press("t")
    expect(post.get_by_label("New tag")).to_be_focused()
    keys.type("jkl")  # keys typed into a field are text
    keys.press("Enter")
    expect(post.get_by_role("listitem")).to_have_text(["#jkl"])
    expect(post.get_by_label("New tag")).to_be_focused()
    keys.press("Escape")
    expect(post.get_by_role("button", name="Tag", exact=True)).to_be_focused()
    post.get_by_role("button", name="Remove the tag jkl").focus()
    keys.press("Enter")
    expect(post.get_by_role("listitem")).to_have_count(0)
    expect(post.get_by_role("button", name="Tag", exact=True)).to_be_focused()

    keys.press("s")
    expect(page.get_by_role("dialog").get_by_label("To")).to_be_focused()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    keys.press("h")
    undo = post.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    keys.press("Enter")
    expect(post.get_by_role("button", name="Hide")).to_be_focused()

    keys.press("j")
    keys.press("Enter")
    visitor.arrive(titles[1])
    keys.press("l")
    expect(page.get_by_role("button", name="Like")).to_have_attribute("aria-pressed", "true")


def test_single_keys_can_be_switched_off(visitor: Visitor) -> None:
    visitor.search(TWO)
    page, keys = visitor.page, visitor.page.keyboard
    keys.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    picture(page, "keyboard-help")
    dialog.get_by_role("switch").focus()
    keys.press("Space")
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    page.reload()
    keys.press("j")
    keys.press("/")
    assert page.evaluate("document.activeElement === document.body")
    page.get_by_role("button", name="Keyboard shortcuts").click()
    dialog.get_by_role("switch").check()
    dialog.get_by_role("button", name="Close").click()
    keys.press("/")
    expect(page.get_by_label("Search titles and texts")).to_be_focused()


def test_tabbing_shows_the_focus_and_skips_the_bar(visitor: Visitor) -> None:
    visitor.search(TWO)
    page, keys = visitor.page, visitor.page.keyboard
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    reached = []
    while True:
        assert page.evaluate(OUTLINE), f"the focus is not to be seen on {titled(page)}"
        keys.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        reached.append(titled(page).strip())
    for name in ("Newest", "Sign in", f"{TWO} number 1", f"{TWO} number 2", "Keyboard shortcuts"):
        assert name in reached
    page.reload()
    keys.press("Tab")
    keys.press("Enter")
    keys.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")


def test_keyboard_signs_up_and_out(visitor: Visitor) -> None:
    page, keys = visitor.page, visitor.page.keyboard
    page.goto("/signup")
    page.get_by_label("Username").focus()
    keys.type(visitor.username)
    keys.press("Tab")
    keys.type("a stone in the river")
    keys.press("Enter")
    sign_out = page.get_by_role("button", name="Sign out")
    expect(sign_out).to_be_visible()
    sign_out.focus()
    keys.press("Enter")
    expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()
