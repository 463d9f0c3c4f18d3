"""A step of the test's own, which starts empty, loses its database, and then stops."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.posts import submissions
from tests.e2e.site import Site
from tests.e2e.visitor import visiting
from tests.e2e.watch import picture
from tests.support.eventually import eventually
from tests.support.running_step import RunningStep
from tests.support.submission import new_word

pytestmark = [pytest.mark.browser, pytest.mark.drill]
UNWELL = re.compile("Service Unavailable|Gateway Timeout")
SLOW = 20_000  # milliseconds; a part that is suspended is waited for
BACK_SECONDS = 60.0
"""The most seconds until a step notices that all parts are back."""


@contextmanager
def suspended(port: int) -> Iterator[None]:
    """Suspend the process that listens on `port` inside the block."""
    held = {each.pid for each in psutil.net_connections("tcp") if each.laddr and each.laddr.port == port}
    listeners = [psutil.Process(pid) for pid in held if pid and psutil.Process(pid).name() == "mongod"]
    assert listeners, f"nobody listens on {port}"
    for each in listeners:
        each.suspend()
    try:
        yield
    finally:
        for each in listeners:
            each.resume()


def try_again(page: Page, link: Locator) -> None:
    """Follow the link of the error page, and expect the two posts."""
    if link.is_visible():
        link.click()
        page.wait_for_load_state()
    assert page.locator("article.post").count() == 2


def test_pages_of_an_empty_step_report_outages_and_recover(
    step: int, browser: Browser, tmp_path: Path
) -> None:
    word = new_word()
    with RunningStep(step, tmp_path / "state", {"SHARES_PER_MINUTE": "1"}) as running:
        site = Site(running)
        with visiting(browser, site.url) as visitor:
            page = visitor.page
            visitor.watch.allow("429", "503", "504", "ERR_CONNECTION_REFUSED")

            # Nothing there yet: the page says how to get posts.
            page.goto("/")
            expect(page.get_by_role("heading", name="No posts yet")).to_be_visible()
            expect(page.get_by_text("make load SUBREDDIT=python")).to_be_visible()
            picture(page, "empty")
            page.goto("/recommended")
            expect(page.get_by_role("heading", name="Nothing to recommend yet")).to_be_visible()

            # One share a minute is allowed here: the second gets a Retry-After.
            site.load(submissions(2, word), word)
            visitor.sign_up()
            post = visitor.search(word).first
            dialog = page.get_by_role("dialog")
            for _ in range(2):
                post.get_by_role("link", name="Share").click()
                dialog.get_by_label("To").fill("friend@example.org")
                dialog.get_by_role("button", name="Send").click()
                expect(dialog.get_by_role("button", name="Sending …")).to_have_count(0)
            expect(dialog.get_by_role("alert")).to_contain_text("Not sent: That was too often. Try again in")
            dialog.get_by_role("button", name="Cancel").click()

            # The database is suspended: a like is undone, a page says when to try again, and then works.
            like = post.get_by_role("button", name="Like")
            other = visitor.context.new_page()
            with suspended(running.ports["MONGO_PORT"]):
                other.evaluate("address => { setTimeout(() => location.assign(address), 0); }", site.url)
                page.bring_to_front()
                like.click()
                expect(visitor.message()).to_contain_text("Not liked", timeout=SLOW)
                expect(visitor.message()).to_contain_text("ry again")
                expect(like).to_have_attribute("aria-pressed", "false")
                picture(page, "outage-like")
                again = other.get_by_role("link", name="Try again")
                expect(again).to_be_visible(timeout=SLOW)
                expect(other.get_by_role("heading", level=1)).to_have_text(UNWELL)
                if step:  # step 0 has its sessions in the same database, and cannot know
                    expect(other.get_by_role("banner")).to_contain_text(visitor.username)
                picture(other, "outage-page")
            eventually(lambda: try_again(other, again), BACK_SECONDS)
            other.close()

            # The whole step has stopped: the button shows the true state, and nothing else changes.
            running.stop()
            like.click()
            expect(visitor.message()).to_contain_text("Not liked: the server cannot be reached.")
            expect(like).to_have_attribute("aria-pressed", "false")
            picture(page, "outage-gone")
