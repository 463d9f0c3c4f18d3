"""Somebody in front of a browser."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.e2e.watch import Watch

PASSWORD = "a stone in the river"
PATIENCE = 30_000  # milliseconds


class Visitor:
    """A page, the errors that were seen in it, and the steps that most tests take."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.context = context
        self.watch = Watch(context, base_url)
        self.page: Page = context.new_page()
        self.username = f"e2e_{secrets.token_hex(5)}"

    def sign_up(self) -> None:
        """Become a member through the form."""
        self.page.goto("/signup")
        self.page.get_by_label("Username").fill(self.username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Sign up").click()
        self.page.wait_for_url("**/")
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def sign_in(self) -> None:
        """Sign in through the form, wherever it is shown."""
        self.page.get_by_label("Username").fill(self.username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Sign in").click()

    def arrive(self, heading: str) -> None:
        """Wait for the page with this heading, scripts included: before, keys and clicks are lost."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        self.page.wait_for_load_state()

    def search(self, word: str) -> Locator:
        """Search for a word, and return the posts shown."""
        self.page.goto(f"/search?q={word}")
        return self.posts

    @property
    def posts(self) -> Locator:
        """Return all posts on the page."""
        return self.page.locator("article.post")

    def post(self, title: str) -> Locator:
        """Return the post with exactly this title."""
        return self.posts.filter(
            has=self.page.get_by_role("heading", name=re.compile(f"^{re.escape(title)}$"))
        )

    def ids(self) -> list[str]:
        """Return the ids of the posts on the page, in order."""
        found: list[str] = self.posts.evaluate_all("posts => posts.map(post => post.dataset.post)")
        return found

    def stored(self, post_id: str) -> Any:
        """Return the post as the server has it for this reader."""
        response = self.context.request.get(f"/posts/{post_id}", headers={"Accept": "application/json"})
        assert response.ok, response.text()
        return response.json()

    def message(self) -> Locator:
        """Return the message about a failure."""
        return self.page.get_by_role("alert").and_(self.page.locator(".message"))


@contextmanager
def visiting(browser: Browser, url: str, **options: Any) -> Iterator[Visitor]:
    """Yield a new visitor; `options` are those of the browser context.

    At the end, an error that the test did not provoke raises AssertionError."""
    context = browser.new_context(base_url=url, **options)
    context.set_default_timeout(PATIENCE)
    made = Visitor(context, url)
    try:
        yield made
    finally:
        context.close()
    made.watch.check()
