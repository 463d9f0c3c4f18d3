"""A whole visit of a new user."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.posts import shelve, submission
from tests.e2e.site import Site
from tests.e2e.visitor import Visitor
from tests.e2e.watch import picture
from tests.support.submission import new_word

pytestmark = pytest.mark.browser

VISIT, QUIET, ALONE = new_word(), new_word(), new_word()

shelve(
    submission(f"{VISIT} first", 10),
    submission(f"{VISIT} loved", 9, ups=1000, topic="Brooks"),
    submission(f"{VISIT} second", 8),
    *[submission(f"{QUIET} quiet {n}", n, topic=f"Q{QUIET}", ups=60) for n in (1, 2)],
    submission(f"{ALONE} alone"),
)


@pytest.mark.face
def test_new_user_can_use_every_verb_in_one_visit(site: Site, visitor: Visitor) -> None:
    word = VISIT
    page = visitor.page

    # A visitor looks around and sees what signing in would add.
    page.goto("/")
    expect(page.get_by_role("heading", name="Newest posts")).to_be_visible()
    expect(page.get_by_text("You are looking around as a visitor.")).to_be_visible()
    expect(page.get_by_role("button", name="Like")).to_have_count(0)
    page.get_by_label("Search titles and texts").fill(word)
    page.keyboard.press("Enter")
    expect(visitor.posts).to_have_count(3)
    picture(page, "visit-search")
    page.get_by_role("link", name=f"{word} first").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{word} first")
    expect(page.get_by_text("In two paragraphs.")).to_be_visible()

    # They sign up, which leads back to the post; the name is shown.
    page.get_by_role("banner").get_by_role("link", name="Sign up").click()
    page.get_by_label("Username").fill(visitor.username)
    page.get_by_label("Password").fill("a stone in the river")
    page.get_by_label("Mail").fill("walker@example.org")
    page.get_by_role("main").get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("banner")).to_contain_text(visitor.username)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"{word} first")

    # Tag, twice; remove one. What the server keeps is what is shown.
    visitor.search(word)
    post = visitor.post(f"{word} first")
    post_id = post.get_attribute("data-post") or ""
    post.get_by_role("button", name="Tag", exact=True).click()
    post.get_by_label("New tag").fill("To Read")
    post.get_by_role("button", name="Add").click()
    expect(post.get_by_role("listitem")).to_have_text("#to-read")
    post.get_by_label("New tag").fill(word)
    post.get_by_role("button", name="Add").click()
    expect(post.get_by_role("listitem")).to_have_text(["#to-read", f"#{word}"])
    post.get_by_role("button", name="Remove the tag to-read").click()
    expect(post.get_by_role("listitem")).to_have_text([f"#{word}"])
    expect(page.get_by_role("status").filter(has_text="Tag to-read removed.")).to_have_count(1)
    assert visitor.stored(post_id)["tags"] == [word]

    # Like, stop liking, like again.
    like = post.get_by_role("button", name="Like")
    for pressed, likes in (("true", "1"), ("false", ""), ("true", "1")):
        like.click()
        expect(like).to_have_attribute("aria-pressed", pressed)
        expect(like.locator("[data-count]")).to_have_text(likes)
        expect(like).not_to_have_attribute("aria-busy", "true")
    assert visitor.stored(post_id)["liked"] is True
    clicked = like.inner_text()
    page.reload()
    assert like.inner_text() == clicked

    # Hide, undo, hide for good.
    second = visitor.post(f"{word} second")
    second.get_by_role("button", name="Hide").click()
    expect(page.get_by_text(f"Hidden: {word} second")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(second.get_by_role("link", name=f"{word} second")).to_be_visible()
    second.get_by_role("button", name="Hide").click()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    picture(page, "visit-marked")
    expect(page.get_by_role("status").filter(has_text="Post hidden.")).to_have_count(1)
    visitor.search(word)
    expect(visitor.posts).to_have_count(2)
    expect(visitor.post(f"{word} first").get_by_role("button", name="Like")).to_have_attribute(
        "aria-pressed", "true"
    )

    # Share from the list: the mail arrives.
    post.get_by_role("link", name="Share").click()
    dialog = page.get_by_role("dialog", name="Share by mail")
    expect(dialog.get_by_label("To")).to_be_focused()
    picture(page, "visit-share")
    dialog.get_by_label("To").fill(f"{word}@example.org")
    dialog.get_by_label("Note").fill("For the weekend.")
    dialog.get_by_role("button", name="Send").click()
    expect(page.get_by_text(f"Sent to {word}@example.org.")).to_be_visible()
    expect(dialog).to_be_hidden()
    mail = site.mail.only_one_to(f"{word}@example.org")
    assert f"{word} first" in mail["Subject"]
    assert "For the weekend." in mail["Text"]
    assert visitor.username in mail["Text"]

    # Recommended, in one topic; what was hidden never.
    page.get_by_role("banner").get_by_role("link", name="Recommended").click()
    page.get_by_role("navigation", name="Topics").get_by_role("link", name="Brooks").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recommended in Brooks")
    expect(visitor.post(f"{word} loved")).to_have_count(1)
    expect(visitor.posts.locator(".post-topic").filter(has_not_text="r/Brooks")).to_have_count(0)

    # Their tags, the posts behind one, and their own page.
    page.get_by_role("banner").get_by_role("link", name="Tags").click()
    page.get_by_role("main").get_by_role("link", name=re.compile(f"#{word}")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Tagged {word}")
    expect(visitor.post(f"{word} first")).to_have_count(1)
    page.get_by_role("link", name=visitor.username).click()
    expect(page.locator(".counts dd")).to_have_text(["1", "1", "1", "1"])
    expect(page.get_by_text("walker@example.org")).to_be_visible()

    # What was hidden is found from there, and shown again.
    page.get_by_role("link", name="1 hidden").click()
    visitor.arrive("Posts you hid")
    undo = page.get_by_role("button", name="Undo")
    undo.click()
    expect(page.get_by_text(f"Shown again: {word} second")).to_be_visible()
    expect(undo).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Post shown again.")).to_have_count(1)
    undo.click()
    expect(second).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Post hidden.")).to_have_count(1)
    undo.click()
    expect(second).to_have_count(0)
    expect(page.locator("[aria-busy]")).to_have_count(0)
    page.reload()
    expect(page.get_by_text("You have hidden no posts")).to_be_visible()
    page.goto("/me")
    page.get_by_role("link", name="1 likes").click()
    expect(visitor.post(f"{word} first").get_by_role("button", name="Like")).to_have_text("Like 1")
    page.get_by_role("link", name=visitor.username).click()

    # Signed out, everything requires a sign-in again.
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()
    page.goto("/me")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    visitor.sign_in()
    expect(page.get_by_role("heading", level=1)).to_have_text(visitor.username)


def test_hiding_a_post_on_its_own_page_keeps_it_in_sight(visitor: Visitor) -> None:
    visitor.sign_up()
    visitor.search(ALONE)
    page = visitor.page
    page.get_by_role("link", name=f"{ALONE} alone").click()
    visitor.arrive(f"{ALONE} alone")
    hide = page.get_by_role("button", name="Hide")
    for pressed in ("true", "false", "true"):
        hide.click()
        expect(hide).to_have_attribute("aria-pressed", pressed)
        expect(hide).not_to_have_attribute("aria-busy", "true")
        expect(page.get_by_text("In two paragraphs.")).to_be_visible()
    page.reload()
    expect(hide).to_have_attribute("aria-pressed", "true")
    visitor.search(ALONE)
    expect(visitor.posts).to_have_count(0)


def test_liking_brings_a_topic_to_the_front(visitor: Visitor) -> None:
    word = QUIET
    visitor.sign_up()
    page = visitor.page
    page.goto("/recommended")
    expect(page.get_by_text("First come posts that share topics and tags")).to_be_visible()
    visitor.search(word)
    visitor.post(f"{word} quiet 1").get_by_role("button", name="Like").click()
    expect(page.get_by_role("status").filter(has_text="Liked. 1 like.")).to_have_count(1)
    page.goto("/recommended")
    titles = visitor.posts.get_by_role("heading").all_text_contents()
    assert set(titles[:2]) == {f"{word} quiet 1", f"{word} quiet 2"}


def test_post_can_be_shared_on_its_own_page(site: Site, visitor: Visitor) -> None:
    word = ALONE
    visitor.sign_up()
    visitor.search(word)
    page = visitor.page
    page.get_by_role("link", name=f"{word} alone").click()
    visitor.arrive(f"{word} alone")
    page.get_by_role("link", name="Share").click()
    expect(page.locator("#share-to")).to_be_focused()
    form = page.get_by_role("main")
    form.get_by_label("To").fill(f"{word}@nowhere")
    form.get_by_role("button", name="Send").click()
    visitor.watch.allow("422")
    expect(form.get_by_label("To")).to_have_attribute("aria-invalid", "true")
    expect(form.locator("[data-issue=to]")).not_to_be_empty()
    form.get_by_label("To").fill(f"{word}@example.org")
    form.get_by_role("button", name="Send").click()
    expect(page.get_by_text(f"Sent to {word}@example.org.")).to_be_visible()
    assert f"{word} alone" in site.mail.only_one_to(f"{word}@example.org")["Subject"]
