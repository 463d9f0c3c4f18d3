"""Watch a page: an error that the test did not provoke fails the test."""

import re
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageStat
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

PICTURES = Path(__file__).resolve().parents[2] / "artefacts" / "e2e"


class Watch:
    """Collects errors of all pages of a context; `allowed` are patterns of what a test provokes."""

    def __init__(self, context: BrowserContext, base_url: str) -> None:
        self.base_url = base_url
        self.allowed: list[str] = []
        self.errors: list[str] = []
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(f"page error: {error.error}"))
        context.on("request", self._request)

    def allow(self, *patterns: str) -> None:
        """Say which errors this test provokes, as regular expressions."""
        self.allowed += patterns

    def check(self) -> None:
        """Raise AssertionError for each error that was not provoked."""
        left = [each for each in self.errors if not any(re.search(one, each) for one in self.allowed)]
        assert not left, "\n".join(left)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.base_url}/", "data:", "blob:")):
            self.errors.append(f"foreign request: {request.url}")


def picture(page: Page, name: str, *, whole: bool = False) -> bytes:
    """Save a screenshot, and return its bytes."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    return page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)


def brightness(shot: bytes) -> float:
    """Return how light a screenshot is on average: 0 is black, 255 white."""
    return float(ImageStat.Stat(Image.open(BytesIO(shot)).convert("L")).mean[0])
