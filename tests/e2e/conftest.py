"""A browser, a running step and a visitor."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.posts import SHELF
from tests.e2e.site import Site
from tests.e2e.visitor import PATIENCE, Visitor, visiting
from tests.support.image_site import ImageSite
from tests.support.running_step import QUIET, RunningStep

expect.set_options(timeout=PATIENCE)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser_options(**options): of the visitor's browser context")


@pytest.fixture(scope="session")
def browser(chromium: Browser) -> Browser:
    """Chromium, under the name that the tests here know."""
    return chromium


@pytest.fixture(scope="package")
def site(step: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The step under test, with nothing in it but what tests load."""
    with ImageSite() as images:
        allowed = {"IMAGE_ALLOWED_HOSTS": images.host, **QUIET}
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
