"""One Chromium for all tests that need a browser: Playwright runs once in a process."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

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
def chromium() -> Iterator[Browser]:
    """The one on PATH, else the one that `playwright install chromium` fetched."""
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
