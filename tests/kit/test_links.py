"""No link in a text leads nowhere: files and anchors exist, and other addresses are well-formed."""

import os
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.files import ROOT, files, name_of, texts
from tests.support.markdown import anchors, links, slug


@cache
def places() -> frozenset[Path]:
    """Return the files that everybody has, and their folders."""
    return frozenset(
        place for path in files() for place in (path, *path.parents) if ROOT in (place, *place.parents)
    )


@pytest.mark.parametrize("path", texts(), ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    assert [link for link in links(path) if not leads_somewhere(path, link)] == []


def leads_somewhere(path: Path, link: str) -> bool:
    """Return whether a link leads to a file of the checkout and an anchor in it; of others, whether they are
    well-formed.
    """
    parts = urlsplit(link)
    if parts.scheme:
        return parts.scheme in ("http", "https") and "." in (parts.hostname or "") and " " not in link
    target = Path(os.path.normpath(path.parent / unquote(parts.path))) if parts.path else path
    return target in places() and (not parts.fragment or parts.fragment in anchors(target))


@pytest.mark.parametrize(
    "link", ["gone.md", "glossary.md#gone", "#gone", "../.venv/", "https://", "htps://a.org"]
)
def test_link_that_leads_nowhere_is_found(link: str) -> None:
    assert not leads_somewhere(ROOT / "docs/scaling.md", link)


def test_anchors_are_those_of_github() -> None:
    assert slug("What it costs, and `what` it buys…") == "what-it-costs-and-what-it-buys"
    assert {"dead-letter", "aa-test", "before-and-after-images"} <= anchors(ROOT / "docs/glossary.md")
