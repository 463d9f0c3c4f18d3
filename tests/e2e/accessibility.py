"""Accessibility, as far as a program can check it: names, labels, headings, contrast, ids."""

from pathlib import Path

from playwright.sync_api import Page

CHECKS = [(Path(__file__).parent / name).read_text() for name in ("names.js", "contrasts.js")]


def problems(page: Page) -> list[str]:
    """Return what is wrong with the page now; empty if nothing is."""
    return [problem for check in CHECKS for problem in page.evaluate(check)]
