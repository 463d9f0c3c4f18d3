"""A browser, a running step and a visitor."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.posts import SHELF
from tests.e2e.site import Site
from tests.e2e.visitor import PATIENCE, Visitor, visiting
from tests.support.shared_step import shared_steps

expect.set_options(timeout=PATIENCE)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser_options(**options): of the visitor's browser context")


@pytest.fixture(scope="session")
def browser(chromium: Browser) -> Browser:
    """Chromium, by the name that these tests use."""
    return chromium


@pytest.fixture(scope="package")
def site(step: int, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The step under test, with the posts of these tests, and perhaps posts of other tests."""
    shared = shared_steps.get(step, tmp_path_factory.mktemp("shared"))
    made = Site(shared.running, shared.images.url)
    made.load(SHELF, SHELF[-1].title.split()[0])
    return made


@pytest.fixture
def visitor(request: pytest.FixtureRequest, browser: Browser, site: Site) -> Iterator[Visitor]:
    """A visitor with a new browser. An error in the page that the test did not cause fails the test."""
    marks = list(request.node.iter_markers("browser_options"))
    options = {name: value for mark in reversed(marks) for name, value in mark.kwargs.items()}
    with visiting(browser, site.url, **options) as made:
        yield made
