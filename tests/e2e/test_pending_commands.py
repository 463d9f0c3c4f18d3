"""Commands that are accepted at once: the page shows that they are pending, and how they end."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Locator, expect
from pymongo import MongoClient

from tests.e2e.accessibility import problems
from tests.e2e.posts import shelved
from tests.e2e.site import Site
from tests.e2e.visitor import Visitor
from tests.e2e.watch import picture
from tests.support.client import Client

pytestmark = [pytest.mark.browser, pytest.mark.only_step(3)]


WORDS = cycle([shelved(1) for _ in range(5)])
REFUSED_MILLISECONDS = 30_000
"""The event is tried several times, with growing delays."""


@pytest.fixture
def post(visitor: Visitor) -> Locator:
    """A post on a member's page."""
    visitor.sign_up()
    return visitor.search(next(WORDS)).first


@contextmanager
def held(site: Site, service: str) -> Iterator[None]:
    """Suspend a service's processes inside the block."""
    content = Client(site.url).json("/registry")["instances"]
    processes = [psutil.Process(each["pid"]) for each in content if each["service"] == service]
    assert processes
    for each in processes:
        each.suspend()
    try:
        yield
    finally:
        for each in processes:
            each.resume()


@contextmanager
def refusing(site: Site, service: str) -> Iterator[None]:
    """Have a service's store refuse all marks inside the block."""
    secrets = json.loads((Path(site.step.environment["WORKSHOP_STATE"]) / "secrets.json").read_text())
    admin: MongoClient[dict[str, object]] = MongoClient(
        "127.0.0.1",
        site.step.ports["MONGO_PORT"],
        username="workshop",
        password=secrets["mongo user workshop"],
        directConnection=True,
    )
    with admin:
        database = admin[f"step3_{service}"]
        database.command("collMod", "marks", validator={"impossible": True})
        try:
            yield
        finally:
            database.command("collMod", "marks", validator={})


def test_command_is_pending_and_then_done(visitor: Visitor, post: Locator) -> None:
    with visitor.page.expect_response("**/like") as caught:
        post.get_by_role("button", name="Like").click()
    assert caught.value.status == 202
    like = post.get_by_role("button", name="Like")
    expect(visitor.page.locator("#announcer")).to_have_text("Liked. 1 like.")
    expect(like).not_to_have_attribute("aria-busy", "true")
    expect(like).to_have_attribute("aria-pressed", "true")
    assert visitor.stored(post.get_attribute("data-post") or "")["liked"] is True


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pending_commands_are_shown_until_they_are_done(
    visitor: Visitor, post: Locator, site: Site, scheme: str
) -> None:
    visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    like = post.get_by_role("button", name="Like")
    with held(site, "capture"):
        like.click()
        expect(like).to_have_attribute("aria-pressed", "true")
        expect(like).to_have_class("action action-like needs-js is-pending")
        expect(like).to_have_attribute("aria-busy", "true")
        post.get_by_role("button", name="Tag", exact=True).click()
        post.get_by_label("New tag").fill("later")
        post.get_by_role("button", name="Add").click()
        expect(post.get_by_role("listitem")).to_have_text(["#later"])
        expect(post.locator(".post-tags.is-pending")).to_have_attribute("aria-busy", "true")
        assert problems(visitor.page) == []
        picture(visitor.page, f"pending-{scheme}")
        expect(visitor.page.locator("#announcer")).to_be_empty()
    expect(visitor.page.locator(".is-pending")).to_have_count(0)
    expect(visitor.page.locator("[aria-busy=true]")).to_have_count(0)
    expect(like).to_have_attribute("aria-pressed", "true")
    visitor.page.reload()
    expect(visitor.posts.first.get_by_role("listitem")).to_have_text(["#later"])


def test_dot_does_not_move_with_reduced_motion(visitor: Visitor, post: Locator, site: Site) -> None:
    visitor.page.emulate_media(reduced_motion="reduce")
    like = post.get_by_role("button", name="Like")
    with held(site, "capture"):
        like.click()
        expect(like).to_have_class(re.compile(r"\bis-pending\b"))
        name = like.evaluate("button => getComputedStyle(button, '::after').animationName")
        assert name == "pending-shown"
    expect(like).not_to_have_attribute("aria-busy", "true")


def test_failed_command_is_undone_and_reported(visitor: Visitor, post: Locator, site: Site) -> None:
    like = post.get_by_role("button", name="Like")
    with refusing(site, "tagged"):
        like.click()
        expect(like).to_have_attribute("aria-pressed", "true")
        expect(visitor.message()).to_contain_text(
            "Not liked: a part of the site could not take it over.", timeout=REFUSED_MILLISECONDS
        )
        expect(like).to_have_attribute("aria-pressed", "false")
        expect(like).not_to_have_attribute("aria-busy", "true")
        picture(visitor.page, "pending-failed")
