"""Markdown texts as GitHub shows them: their links, their anchors and their words."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

HTML_LINK = re.compile(r"<(?:a|img)\b[^>]*?\b(?:href|src)=\"([^\"]*)\"")
HTML_ANCHOR = re.compile(r"<\w+\b[^>]*?\b(?:id|name)=\"([^\"]*)\"")


@cache
def tokens(path: Path) -> list[Token]:
    """Return the parts of a text."""
    return MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))


def links(path: Path) -> list[str]:
    """Return the targets of all links and pictures in a text."""
    return [link for token in tokens(path) for link in _links(token)]


def inline_tokens(parts: list[Token]) -> Iterator[Token]:
    """Yield the paragraphs, entries and cells of a text, but not its headings."""
    for before, token in pairwise(parts):
        if token.type == "inline" and before.type != "heading_open":
            yield token


@cache
def anchors(path: Path) -> frozenset[str]:
    """Return what a link may name after `#`."""
    seen: Counter[str] = Counter()
    found = set()
    parts = tokens(path)
    for before, token in pairwise(parts):
        if before.type == "heading_open":
            name = slug(plain(token))
            found.add(f"{name}-{seen[name]}" if seen[name] else name)
            seen[name] += 1
        found.update(HTML_ANCHOR.findall(token.content) if "html" in token.type else ())
    return frozenset(found)


def slug(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def plain(inline: Token) -> str:
    """Return the words of a heading or a paragraph."""
    return "".join(
        " " if each.type == "softbreak" else each.content
        for each in inline.children or ()
        if "html" not in each.type
    )


def _links(token: Token) -> Iterator[str]:
    for each in [token, *(token.children or ())]:
        if each.type in ("link_open", "image"):
            yield str(each.attrs.get("href") or each.attrs.get("src"))
        elif each.type in ("html_block", "html_inline"):
            yield from HTML_LINK.findall(each.content)
