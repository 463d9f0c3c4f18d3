"""Pictures of posts, and posts without a picture."""

import pytest
from playwright.sync_api import expect

from tests.e2e.posts import submission
from tests.e2e.site import Site
from tests.e2e.visitor import Visitor
from tests.e2e.watch import picture
from tests.support.submission import new_word

pytestmark = pytest.mark.browser
LONG_AGO = 1_200_000_000  # so that lists of other tests do not show them
LOADED = "image => image.complete && image.naturalWidth > 0"


def test_pictures_are_shown_and_broken_ones_leave_no_gap(site: Site, visitor: Visitor) -> None:
    word = new_word()
    good, none = f"{site.pictures}/good.png", f"{site.pictures}/gone.png"
    posts = [
        submission(f"{word} pictured", created=LONG_AGO, thumbnail=good),
        submission(f"{word} linked", created=LONG_AGO, url=f"{site.pictures}/link.jpg"),
        submission(f"{word} broken", created=LONG_AGO, thumbnail=none),
        submission(f"{word} adult", created=LONG_AGO, thumbnail=good, over_18=True),
        submission(f"{word} plain", created=LONG_AGO),
    ]
    site.load(posts, word)
    visitor.watch.allow(r"404.*/images/")
    page = visitor.page
    visitor.search(word)
    for name in ("pictured", "linked"):
        image = visitor.post(f"{word} {name}").locator("img")
        expect(image).to_have_js_property("complete", True)
        assert image.evaluate(LOADED)
        assert image.get_attribute("alt") == ""
    for name in ("broken", "adult", "plain"):
        expect(visitor.post(f"{word} {name}").locator("img, .post-thumb")).to_have_count(0)
    expect(visitor.post(f"{word} adult")).to_contain_text("18+")
    picture(page, "images")

    page.get_by_role("link", name=f"{word} pictured").click()
    image = page.get_by_role("img", name="Picture of the post")
    expect(image).to_have_js_property("complete", True)
    assert image.evaluate(LOADED)

    visitor.search(word)
    page.get_by_role("link", name=f"{word} adult").click()
    expect(page.get_by_role("img", name="Picture of the post")).to_have_count(0)
    page.get_by_text("Show the picture (for adults)").click()
    shown = page.get_by_role("img", name="Picture of the post")
    expect(shown).to_be_visible()
    expect(shown).to_have_js_property("complete", True)
    assert shown.evaluate(LOADED)
