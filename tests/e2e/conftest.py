"""A browser, a running step and a visitor."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.posts import SHELF
from tests.e2e.site import Site
from tests.e2e.visitor import PATIENCE, Visitor, visiting
from tests.support.image_site import ImageSite
from tests.support.running_step import RunningStep

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)

NO_WAY_BACK = "--disable-back-forward-cache"  # Playwright's default; people's browsers have that cache

expect.set_options(timeout=PATIENCE)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser_options(**options): of the visitor's browser context")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: the one on PATH, else the one that `playwright install chromium` fetched."""
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, NAMES)), None) or playwright.chromium.executable_path
        if not Path(path).exists():
            pytest.skip("no Chromium: install one, or run `playwright install chromium`")
        # Chromium refuses to sandbox the superuser's pages.
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = playwright.chromium.launch(
            executable_path=path, args=[*QUIET, *as_root], ignore_default_args=[NO_WAY_BACK]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(step: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The step under test, with nothing in it but what tests load."""
    with ImageSite() as images:
        allowed = {"IMAGE_ALLOWED_HOSTS": images.host}
        with RunningStep(step, tmp_path_factory.mktemp("e2e") / "state", allowed) as running:
            made = Site(running, images.url)
            made.load(SHELF, SHELF[-1].title.split()[0])
            yield made


@pytest.fixture
def visitor(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Visitor]:
    """Somebody who has never been here; at the end, whatever went wrong unprovoked fails the test."""
    marks = list(request.node.iter_markers("browser_options"))
    options = {name: value for mark in reversed(marks) for name, value in mark.kwargs.items()}
    with visiting(browser, site.url, **options) as made:
        yield made
