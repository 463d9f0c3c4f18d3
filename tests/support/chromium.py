"""The browsers of all tests that need one: Playwright runs once in a process."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

SHELL = "chromium-headless-shell"
"""The same engine without a window around it, which takes half of the processor's time."""

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-gpu",  # else the processor draws pages as a GPU would, which takes it longer
)
NO_WAY_BACK = "--disable-back-forward-cache"  # Playwright's default; people's browsers have that cache


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """What draws pages soonest."""
    with launched(playwright, SHELL, *NAMES) as browser:
        yield browser


@pytest.fixture(scope="session")
def windowed_chromium(playwright: Playwright) -> Iterator[Browser]:
    """What people have, its history and all."""
    with launched(playwright, *NAMES) as browser:
        yield browser


@contextmanager
def launched(playwright: Playwright, *names: str) -> Iterator[Browser]:
    """The first of them that is on PATH, else the one that `playwright install chromium` fetched."""
    path = next(filter(None, map(shutil.which, names)), None) or playwright.chromium.executable_path
    if not Path(path).exists():
        pytest.skip("no Chromium: install one, or run `playwright install chromium`")
    # Chromium refuses to sandbox the superuser's pages.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    browser = playwright.chromium.launch(
        executable_path=path, args=[*QUIET, *as_root], ignore_default_args=[NO_WAY_BACK]
    )
    yield browser
    browser.close()
