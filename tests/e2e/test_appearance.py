"""Each page at the width of a phone, a tablet and a desktop, light and dark."""

from typing import Literal

import pytest

from tests.e2e import accessibility
from tests.e2e.posts import shelve, submission
from tests.e2e.visitor import Visitor
from tests.e2e.watch import brightness, picture
from tests.support.submission import new_word

pytestmark = pytest.mark.browser
PICTURED: dict[Literal["light", "dark"], int] = {"light": 360, "dark": 1280}
WIDTHS = (768, 1280, 360)
LONG = "x" * 90
SEEN, MARKED = new_word(), new_word()
POST = submission(
    f"{SEEN} {LONG} <b>&amp;", text=f"{LONG * 9}\n\n    code {LONG * 3}\n\nhttps://a.example/{LONG}"
)
TAGGED = submission(f"{MARKED} tagged")
shelve(POST, submission(f"{SEEN} link", url=f"https://{LONG[:50]}.example.org/a", over_18=True))
shelve(TAGGED, submission(f"{MARKED} other"))


def pages_of(word: str, post_id: str) -> dict[str, str]:
    """Return the paths of pages by name; each page has content, or says why not."""
    return {
        "list": "/",
        "search": f"/search?q={word}",
        "nothing": f"/search?q={new_word()}{LONG}",
        "post": f"/posts/{post_id}",
        "recommended": "/recommended",
        "topic": f"/recommended?topic=no-such-topic-{LONG[:60]}",
        "missing": f"/posts/t3_{word}",
        "past-the-end": f"/search?q={word}&page=9",
    }


def problems_of(visitor: Visitor, name: str, path: str) -> list[str]:
    """Return what is wrong with a page, at all widths, light and dark."""
    page, wrong = visitor.page, []
    page.goto(path)
    for scheme, pictured in PICTURED.items():
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{path} scrolls sideways at {width} px")
            if width == pictured:
                shot = picture(page, f"{name}-{width}-{scheme}")
        wrong += [f"{path} ({scheme}): {each}" for each in accessibility.problems(page)]
        if (brightness(shot) < 60) is not (scheme == "dark"):
            wrong.append(f"{path} is not {scheme}")
    return wrong


def test_visitors_pages_fit_all_widths_and_colour_schemes(visitor: Visitor) -> None:
    visitor.watch.allow("404")
    pages = pages_of(SEEN, POST.post_id) | {"sign-in": "/login", "sign-up": "/signup"}
    assert [each for name, path in pages.items() for each in problems_of(visitor, name, path)] == []


def test_members_pages_fit_all_widths_and_colour_schemes(visitor: Visitor) -> None:
    visitor.username = visitor.username.ljust(30, "_")
    visitor.sign_up()
    empty = {"no-tags": "/tags", "no-hidden": "/hidden"}
    assert [each for name, path in empty.items() for each in problems_of(visitor, name, path)] == []
    visitor.search(MARKED)
    first = visitor.post(f"{MARKED} tagged")
    first.get_by_role("button", name="Tag", exact=True).click()
    for tag in ("a-tag-as-long-as-they-can-be-30", "short"):
        first.get_by_label("New tag").fill(tag[:30])
        first.get_by_role("button", name="Add").click()
        first.get_by_role("link", name=f"#{tag[:30]}").wait_for()
    first.get_by_role("button", name="Like").click()
    first.locator("[data-verb=like]:not([aria-busy])").wait_for()
    pages = pages_of(MARKED, TAGGED.post_id)
    pages = {f"member-{name}": pages[name] for name in ("list", "search", "post", "recommended")}
    pages |= {"tags": "/tags", "tagged": "/tags/short", "likes": "/likes", "me": "/me"}
    assert [each for name, path in pages.items() for each in problems_of(visitor, name, path)] == []

    visitor.search(MARKED)
    visitor.posts.first.get_by_role("button", name="Tag", exact=True).click()
    visitor.posts.nth(1).get_by_role("button", name="Hide").click()
    visitor.page.get_by_role("button", name="Undo").wait_for()
    assert accessibility.problems(visitor.page) == []
    visitor.page.locator("[data-verb=hide]:not([aria-busy])").nth(1).wait_for(state="attached")
    visitor.page.goto("/hidden")
    visitor.page.get_by_role("button", name="Undo").wait_for()
    assert accessibility.problems(visitor.page) == []
    visitor.search(MARKED)
    visitor.posts.first.get_by_role("link", name="Share").click()
    assert accessibility.problems(visitor.page) == []


def test_checks_report_each_fault(visitor: Visitor) -> None:
    """Break a page in each way: a check that never finds anything proves nothing."""
    page = visitor.page
    page.goto("/login")
    assert accessibility.problems(page) == []
    page.evaluate("""() => {
      document.querySelector("label[for=login-username]").remove();
      document.querySelector("h1").outerHTML = "<h3 class='pale' id='q'>Sign in</h3>";
      document.querySelector(".pale").style.color = "#ccc";
      document.querySelector(".brand").innerHTML = "";
      document.querySelector("main").append(document.createElement("img"));
      document.querySelector("img:not([alt])").setAttribute("aria-describedby", "none");
    }""")
    found = "\n".join(accessibility.problems(page))
    for what in (
        "without a label",
        "one h1",
        "contrast 1.",
        "without a name",
        "without alt",
        "twice: q",
        "nowhere",
    ):
        assert what in found
