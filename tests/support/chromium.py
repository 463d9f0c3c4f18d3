"""The browsers of all tests that need one: Playwright runs once in a process."""

import asyncio
import os
import shutil
from collections.abc import Iterator
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
    "--disable-gpu",  # otherwise the processor draws pages as a GPU would, which takes longer
)
NO_WAY_BACK = "--disable-back-forward-cache"  # Playwright's default; people's browsers have that cache


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright, which ends its browsers when it ends."""
    with sync_playwright() as started:
        loop = asyncio._get_running_loop()
        yield started
        asyncio._set_running_loop(loop)  # another test was the last one, and the loop was removed for it


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Browser:
    """The browser without a window, which is the fastest."""
    return launch(playwright, SHELL, *NAMES)


@pytest.fixture(scope="session")
def windowed_chromium(playwright: Playwright) -> Browser:
    """The browser with a window, as people use it, history included."""
    return launch(playwright, *NAMES)


def launch(playwright: Playwright, *names: str) -> Browser:
    """Start the first of these programs on PATH, else the one that `playwright install chromium` fetched."""
    path = next(filter(None, map(shutil.which, names)), None) or playwright.chromium.executable_path
    if not Path(path).exists():
        pytest.skip("no Chromium: install one, or run `playwright install chromium`")
    # Chromium refuses to sandbox the superuser's pages.
    as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(
        executable_path=path, args=[*QUIET, *as_root], ignore_default_args=[NO_WAY_BACK]
    )
