"""Commands that are accepted at once: the page shows that they settle, and what became of them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Locator, expect
from pymongo import MongoClient

from tests.e2e.accessible import problems
from tests.e2e.posts import shelved
from tests.e2e.site import Site
from tests.e2e.visitor import Visitor
from tests.e2e.watch import picture
from tests.support.client import Client

pytestmark = [pytest.mark.browser, pytest.mark.only_step(3)]


WORDS = cycle([shelved(1) for _ in range(5)])
REFUSED_SECONDS = 30_000  # milliseconds: it is tried several times, with growing waits


@pytest.fixture
def post(visitor: Visitor) -> Locator:
    """A post on a member's page."""
    visitor.sign_up()
    return visitor.search(next(WORDS)).first


@contextmanager
def held(site: Site, service: str) -> Iterator[None]:
    """A service's processes stand still inside the block."""
    told = Client(site.url).json("/registry")["instances"]
    family = [psutil.Process(each["pid"]) for each in told if each["service"] == service]
    assert family
    for each in family:
        each.suspend()
    try:
        yield
    finally:
        for each in family:
            each.resume()


@contextmanager
def refusing(site: Site, service: str) -> Iterator[None]:
    """A service's store takes no mark inside the block, whatever it is."""
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


def test_a_command_settles(visitor: Visitor, post: Locator) -> None:
    with visitor.page.expect_response("**/like") as told:
        post.get_by_role("button", name="Like").click()
    assert told.value.status == 202
    like = post.get_by_role("button", name="Like")
    expect(visitor.page.locator("#announcer")).to_have_text("Liked. 1 like.")
    expect(like).not_to_have_attribute("aria-busy", "true")
    expect(like).to_have_attribute("aria-pressed", "true")
    assert visitor.stored(post.get_attribute("data-post") or "")["liked"] is True


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_settles_is_shown_so_and_then_no_more(
    visitor: Visitor, post: Locator, site: Site, scheme: str
) -> None:
    visitor.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    like = post.get_by_role("button", name="Like")
    with held(site, "capture"):
        like.click()
        expect(like).to_have_attribute("aria-pressed", "true")
        expect(like).to_have_class("action action-like needs-js is-settling")
        expect(like).to_have_attribute("aria-busy", "true")
        post.get_by_role("button", name="Tag", exact=True).click()
        post.get_by_label("New tag").fill("later")
        post.get_by_role("button", name="Add").click()
        expect(post.get_by_role("listitem")).to_have_text(["#later"])
        expect(post.locator(".post-tags.is-settling")).to_have_attribute("aria-busy", "true")
        assert problems(visitor.page) == []
        picture(visitor.page, f"settling-{scheme}")
        expect(visitor.page.locator("#announcer")).to_be_empty()
    expect(visitor.page.locator(".is-settling")).to_have_count(0)
    expect(visitor.page.locator("[aria-busy=true]")).to_have_count(0)
    expect(like).to_have_attribute("aria-pressed", "true")
    visitor.page.reload()
    expect(visitor.posts.first.get_by_role("listitem")).to_have_text(["#later"])


def test_a_dot_does_not_move_for_who_wants_calm(visitor: Visitor, post: Locator, site: Site) -> None:
    visitor.page.emulate_media(reduced_motion="reduce")
    like = post.get_by_role("button", name="Like")
    with held(site, "capture"):
        like.click()
        expect(like).to_have_attribute("aria-busy", "true")
        name = like.evaluate("button => getComputedStyle(button, '::after').animationName")
        assert name == "settling-shown"
    expect(like).not_to_have_attribute("aria-busy", "true")


def test_what_fails_is_taken_back_and_told(visitor: Visitor, post: Locator, site: Site) -> None:
    like = post.get_by_role("button", name="Like")
    with refusing(site, "tagged"):
        like.click()
        expect(like).to_have_attribute("aria-pressed", "true")
        expect(visitor.message()).to_contain_text(
            "Not liked: a part of the site could not take it over.", timeout=REFUSED_SECONDS
        )
        expect(like).to_have_attribute("aria-pressed", "false")
        expect(like).not_to_have_attribute("aria-busy", "true")
        picture(visitor.page, "settling-failed")
